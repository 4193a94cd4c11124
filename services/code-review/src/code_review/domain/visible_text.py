"""Text of strangers with nothing in it that a reader cannot see."""

import json

MOST_OF_A_LINE = 500


def visible(text: str) -> str:
    """On one line: what does not print, and what turns or hides its neighbours, as an escape."""
    if text.replace("\t", " ").isprintable():
        return text
    return "".join(
        each if each.isprintable() or each == "\t" else json.dumps(each)[1:-1] for each in text
    )


def shown_line(line: str) -> str:
    """A line of a file as a model is shown it, which is how it quotes it."""
    shown = visible(line.removesuffix("\r")[: MOST_OF_A_LINE + 1])
    return shown if len(shown) <= MOST_OF_A_LINE else f"{shown[:MOST_OF_A_LINE]} …[cut]"


def quoted(path: str) -> str:
    """As a JSON string, in which other alphabets stay readable."""
    return visible(json.dumps(path, ensure_ascii=False))

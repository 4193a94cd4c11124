"""Text of strangers with nothing in it that a reader cannot see."""

import json
from functools import lru_cache

MOST_OF_A_LINE = 2_000
CUT = " …[cut]"


def visible(text: str) -> str:
    """On one line: what does not print, and what turns or hides its neighbours, as an escape."""
    if text.replace("\t", " ").isprintable():
        return text
    return "".join(map(_visible_character, text))


@lru_cache(maxsize=1024)
def _visible_character(one: str) -> str:
    return one if one.isprintable() or one == "\t" else json.dumps(one)[1:-1]


def shown_line(line: str) -> str:
    """A line of a file as a model is shown it, which is how it quotes it."""
    shown = visible(line.removesuffix("\r")[: MOST_OF_A_LINE + 1])
    return shown if len(shown) <= MOST_OF_A_LINE else shown[:MOST_OF_A_LINE] + CUT


def quoted(path: str) -> str:
    """As a JSON string, in which other alphabets stay readable."""
    return visible(json.dumps(path, ensure_ascii=False))

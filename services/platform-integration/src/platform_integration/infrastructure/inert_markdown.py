"""Text that nobody vouches for, as GitHub's Markdown in which nothing but code and lists is markup.

What the text means as Markdown does not matter for safety: it is read for code, items of lists and
prose, and written anew in one canonical form. https://github.github.com/gfm/
"""

import re
from collections.abc import Callable, Iterator
from itertools import takewhile

TEXT_LIMIT = 4_000
LINE_LIMIT = 400
# Escapes make a text longer, at most by this; what is cut for it ends in an ellipsis.
GROWTH = 2

# Languages that are only coloured: `suggestion`, `math`, `mermaid`, `geojson` and the like act.
_LANGUAGE = re.compile(
    r"bash|c|c#|c\+\+|clojure|cpp|cs|csharp|css|dart|diff|dockerfile|elixir|erlang|fsharp|go|"
    r"graphql|groovy|haskell|hcl|html|ini|java|javascript|js|json|jsx|julia|kotlin|less|lua|"
    r"makefile|objc|ocaml|perl|php|powershell|proto|protobuf|py|python|r|rb|ruby|rs|rust|scala|"
    r"scss|sh|shell|sql|swift|terraform|text|toml|ts|tsx|txt|typescript|vb|vue|xml|yaml|yml|zig|zsh"
)

# Controls, what turns the direction of reading, half characters and invisible tags.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]"
)
_MARKER = r"(?:[-*+]|\d{1,9}[.)])[ \t]+"
_ITEM = re.compile(rf"{_MARKER}(?=\S)")
_FENCE = re.compile(rf"(?P<before>[ \t]*(?:{_MARKER})?)(?P<mark>`{{3,}}(?=[^`]*$)|~{{3,}})(.*)")
_RUN = re.compile("`+")
_MARKUP = re.compile(r"[\\`*\[<~]|&(?=[\w#])|(?<![^\W_])_|_(?![^\W_])")
_BLOCK_START = re.compile(r"^(?:(?=[-+=:#>|])|\d{1,9}(?=[.)](?:\s|$)))")
_COMMAND = re.compile(r"^([ \t]*/)(?=[a-z])", re.MULTILINE | re.IGNORECASE)

# GitHub links these after it has rendered, so that a backslash does not help. A zero-width space
# between what makes the link does, and a reader sees host and path of an address as they were said:
# `https[:]//` would be as safe, and look like a mistake of ours.
_BREAK = "\u200b"
_LINKED = re.compile(
    r"(?<=@)(?=\S)"  # people, teams, commits of repositories, e-mail
    r"|(?<=\#)(?=\w)"  # issues
    r"|(?<=[a-z]-)(?=\d)|(?<=GHSA-)(?=\w)"  # GH-1, CVE-1, a repository's own references, advisories
    r"|(?<=:)(?=//)|(?<=www)(?=\.)",  # addresses
    re.IGNORECASE,
)
_SHA = re.compile(r"(?<![0-9a-z])[0-9a-f]{7,}(?![0-9a-z])", re.IGNORECASE)
_SHORTER_THAN_A_SHA = re.compile(r".{6}(?=.)")


def harmless(text: str) -> str:
    """Paragraphs, lists and code; ends every block that it begins."""
    return _bounded(_clean(text[:TEXT_LIMIT]), _blocks, len(text) > TEXT_LIMIT, TEXT_LIMIT)


def harmless_line(text: str, limit: int = LINE_LIMIT) -> str:
    """One line, for use inside a line of ours, not at its start."""
    line = " ".join(_clean(text[:limit]).split())
    return _bounded(line, _inline, len(text) > limit, limit)


def plain_line(text: str, limit: int) -> str:
    """One line for a place that shows no Markdown, where a backslash would be seen."""
    return _unlinked(" ".join(_clean(text[:limit]).split()))[:limit]


def code_span(text: str) -> str:
    return _span(" ".join(_clean(text).split("\n")))


def fence_around(text: str, least: int) -> str:
    """Longer than any run of backticks inside, so that the text cannot end it."""
    return "`" * max(least, 1 + max((len(run) for run in _RUN.findall(text)), default=0))


def _bounded(text: str, show: Callable[[str], str], cut: bool, limit: int) -> str:
    """Cuts what is to be shown, not what is shown: a cut there would leave code open."""
    while len(shown := show(text + "…" if cut else text)) > limit * GROWTH:
        text, cut = text[: len(text) // 2], True
    return shown


def _clean(text: str) -> str:
    return _UNSEEN.sub("", "\n".join(text.splitlines()))


def _blocks(text: str) -> str:
    shown = []
    lines = iter(text.split("\n"))
    for line in lines:
        if fence := _FENCE.match(line):
            shown.append(_code_block(fence, lines))
        else:
            shown.append(_prose_line(line.strip()))
    return "\n".join(shown).strip("\n")


def _code_block(opening: re.Match[str], following: Iterator[str]) -> str:
    """Takes what follows up to the end of the block, as Markdown does: up to the very end."""
    indent, mark, said = len(opening["before"]), opening["mark"], opening[3].lower().split()
    inside = takewhile(lambda line: not _closes(line.strip(), mark), following)
    code = _unmarked("\n".join(line[min(indent, _indent(line)) :] for line in inside))
    code = _COMMAND.sub(rf"\1{_BREAK}", code)
    language = said[0] if said and _LANGUAGE.fullmatch(said[0]) else ""
    fence = fence_around(code, 3)
    return f"{fence}{language}\n{code}\n{fence}"


def _closes(line: str, mark: str) -> bool:
    return len(line) >= len(mark) and not line.strip(mark[0])


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _prose_line(line: str) -> str:
    if not line:
        return ""
    item = _ITEM.match(line)
    if not item:
        return _paragraph(line)
    marker = item[0].rstrip() if item[0][0].isdigit() else "-"
    return f"{marker} {_paragraph(line[item.end() :])}"


def _paragraph(line: str) -> str:
    """No other block begins with it, and no command to a bot."""
    line = _BLOCK_START.sub(r"\g<0>\\", _inline(line).strip())
    return _COMMAND.sub(rf"\1{_BREAK}", line)


def _inline(line: str) -> str:
    """Code spans as Markdown pairs them, in one pass from the end and one from the start."""
    runs = list(_RUN.finditer(line))
    closing: dict[int, re.Match[str]] = {}
    later: dict[int, re.Match[str]] = {}
    for run in reversed(runs):
        if same := later.get(len(run[0])):
            closing[run.start()] = same
        later[len(run[0])] = run
    shown, done = [], 0
    for run in runs:
        end = closing.get(run.start())
        if end and run.start() >= done:
            shown += [_prose(line[done : run.start()]), _span(line[run.end() : end.start()])]
            done = end.end()
    return "".join([*shown, _prose(line[done:])])


def _span(code: str) -> str:
    if not code.strip():
        return " "  # There is no such span, and what is around must not come together.
    code = _unmarked(code[1:-1] if code[0] == code[-1] == " " else code)
    fence = fence_around(code, 1)
    # Markdown takes one space from both ends, and a backtick must not touch the fence.
    pad = " " if code[0] in "` " or code[-1] in "` " else ""
    return f"{fence}{pad}{code}{pad}{fence}"


def _unmarked(text: str) -> str:
    """Markers are looked for in a comment's source, where neither code nor a backslash helps."""
    return text.replace("<!--", f"<!{_BREAK}--")


def _prose(text: str) -> str:
    escaped = _MARKUP.sub(r"\\\g<0>", _unlinked(text))
    # GitHub's own advice against math: its backslash does not work there.
    return _unmarked(escaped).replace("$", "<span>$</span>")


def _unlinked(text: str) -> str:
    return _SHA.sub(_broken, _LINKED.sub(_BREAK, text))


def _broken(sha: re.Match[str]) -> str:
    return _SHORTER_THAN_A_SHA.sub(rf"\g<0>{_BREAK}", sha[0])

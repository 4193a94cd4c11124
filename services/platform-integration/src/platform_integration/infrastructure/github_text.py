"""Strings of GitHub's payloads, fit for what keeps and carries them.

PostgreSQL has no NUL in a text, and nothing that speaks UTF-8 has half a surrogate pair.
"""

import re
from typing import Annotated, TypeAlias

import msgspec

MOST_TITLE = 500
MOST_DESCRIPTION = 4000

# Names are looked up and compared, so that one with a NUL is refused rather than changed.
Name: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]*$")]

_UNFIT = re.compile("[\0\ud800-\udfff]")


def title(text: str) -> str:
    return _fit(text, MOST_TITLE)


def description(text: str | None) -> str | None:
    """None where there is none: GitHub's `body` is null then, or empty."""
    return _fit(text or "", MOST_DESCRIPTION) or None


def _fit(text: str, most: int) -> str:
    clean = _UNFIT.sub("", text)
    return clean if len(clean) <= most else clean[: most - 1] + "…"

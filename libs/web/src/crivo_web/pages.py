"""Lists in pages, continued by an opaque cursor."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from pydantic import BaseModel

from crivo_web.problems import InvalidCursor

T = TypeVar("T")
DEFAULT_LIMIT = 50
MAXIMUM_LIMIT = 200


class Page(BaseModel, Generic[T]):
    """Up to `limit` items; `next_cursor` is null on the last page."""

    items: list[T]
    next_cursor: str | None = None


def page(rows: Sequence[T], limit: int, position: Callable[[T], tuple[str | int, ...]]) -> Page[T]:
    """Of `limit + 1` rows or fewer: the last one, if it is there, tells that there is a next page.

    `position` says of a row where the next page begins after it.
    """
    items = list(rows[:limit])
    following = encode_cursor(*position(items[-1])) if len(rows) > limit else None
    return Page(items=items, next_cursor=following)


def encode_cursor(*position: str | int) -> str:
    """An opaque token for the position after the last item of a page."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> list[str | int]:
    """Raise InvalidCursor when `encode_cursor` did not make it."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        position = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        # A lone surrogate is a character in JSON, and in nothing that is asked afterwards.
        json.dumps(position, ensure_ascii=False).encode()
    except (ValueError, binascii.Error, RecursionError) as problem:
        raise InvalidCursor("Invalid cursor; use the next_cursor of a page") from problem
    if not isinstance(position, list) or not all(
        isinstance(each, str | int) and not isinstance(each, bool) for each in position
    ):
        raise InvalidCursor("Invalid cursor; use the next_cursor of a page")
    return position

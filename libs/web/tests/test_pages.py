"""A list is read to its end, and not one page further."""

import pytest
from crivo_web.pages import decode_cursor, page


def test_the_row_beyond_the_limit_tells_that_there_is_a_next_page() -> None:
    first = page([1, 2, 3], 2, lambda last: (last,))
    assert first.items == [1, 2]
    assert first.next_cursor is not None
    assert decode_cursor(first.next_cursor) == [2]


@pytest.mark.parametrize("rows", [[], [1], [1, 2]])
def test_a_page_that_holds_the_rest_is_the_last(rows: list[int]) -> None:
    last = page(rows, 2, lambda last: (last,))
    assert (last.items, last.next_cursor) == (rows, None)

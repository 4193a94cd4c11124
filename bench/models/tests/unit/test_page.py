from pathlib import Path

import pytest
from crivo_models.page import fill


def test_only_what_is_between_the_marks_changes(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- a -->\nold\n<!-- end of a -->\nafter\n")
    fill(page, "a", "new")
    fill(page, "a", "newer")
    assert page.read_text() == "before\n<!-- a -->\nnewer\n<!-- end of a -->\nafter\n"


def test_a_page_without_the_marks_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing\n")
    with pytest.raises(ValueError, match="no place for a"):
        fill(page, "a", "new")

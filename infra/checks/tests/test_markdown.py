"""Long lines of Markdown are broken, and nothing else of a document changes."""

from pathlib import Path

import markdown
import pytest

ROOT = Path(__file__).parents[3]
WORDS = "word " * 40


def test_no_line_is_too_long() -> None:
    assert markdown.problems(ROOT) == []


def test_a_long_line_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(WORDS)
    (problem,) = markdown.problems(tmp_path)
    assert problem.startswith("README.md: lines of more than 110 columns")


@pytest.mark.parametrize("begin", ["", "- ", "1. ", "  - ", "- [ ] "])
def test_it_is_broken_within_its_paragraph(begin: str) -> None:
    indent = " " * len(begin)
    text = f"{begin}{WORDS}\n{indent}the end\n\nAnother.\n- an item"
    broken = markdown.rewrapped(text)
    lines = broken.partition("\n\n")[0].split("\n")
    assert broken.split() == text.split()
    assert max(len(line) for line in lines) <= markdown.COLUMNS
    assert all(line.startswith(indent + "word") for line in lines[1:])
    assert lines[-1].endswith("the end")
    assert broken.endswith("\n\nAnother.\n- an item")
    assert markdown.rewrapped(broken) == broken


@pytest.mark.parametrize(
    "text",
    [
        f"| {WORDS} |",
        f"# {WORDS}",
        f"```\n{WORDS}\n```",
        f"    {WORDS}",
        f"<!-- {WORDS} -->",
        "https://crivo.test/" + "x" * 120,
    ],
    ids=["table", "heading", "fence", "code", "comment", "one long word"],
)
def test_what_cannot_be_broken_is_left_alone(text: str) -> None:
    assert markdown.rewrapped(text) == text


def test_code_in_a_line_is_not_broken_and_no_line_begins_a_list_by_chance() -> None:
    text = "x" * 100 + " `make up LAYOUT=split` - " + "y" * 100
    assert markdown.rewrapped(text) == "x" * 100 + "\n`make up LAYOUT=split` -\n" + "y" * 100


def test_a_part_that_a_program_fills_in_is_left_as_it_is() -> None:
    long = "word " * 40
    page = f"<!-- costs -->\n{long}\n<!-- end of costs -->\n"
    assert markdown.rewrapped(page) == page
    assert markdown.rewrapped(page + long) != page + long

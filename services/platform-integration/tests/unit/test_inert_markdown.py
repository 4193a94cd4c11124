"""What others wrote does nothing on GitHub, and still reads well."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from platform_integration.infrastructure.github_markdown import (
    comment_body,
    comment_marker,
    review_body,
    review_marker,
)
from platform_integration.infrastructure.inert_markdown import (
    GROWTH,
    LINE_LIMIT,
    TEXT_LIMIT,
    code_span,
    harmless,
    harmless_line,
    plain_line,
)
from platform_integration_support.builders import HEAD, a_comment, a_review
from platform_integration_support.hostile import FRAGMENTS, HOSTILE, LONG
from platform_integration_support.rendered import HARMLESS_TAGS, Rendered

hostile = st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join) | st.text()


def assert_inert(body: str, *, markers: list[str], tags: set[str] = HARMLESS_TAGS) -> Rendered:
    shown = Rendered(body)
    assert set(shown.tags) <= tags
    assert not shown.acting
    assert [f"<!--{each}-->" for each in shown.comments] == markers
    assert body.count("<!--") == len(markers)
    said = [value for name, value in shown.attributes if name != "start"]
    assert all(re.fullmatch(r"language-[a-z+#]{1,12}", value or "") for value in said)
    assert "language-suggestion" not in said
    assert not re.search(r"^\s*/[a-z]", body, re.MULTILINE | re.IGNORECASE)
    return shown


def assert_a_comment_of_it_is_inert(text: str) -> None:
    comment = a_comment(title=text, explanation=text, source=text, severity=text, category=text)
    shown = assert_inert(comment_body(comment), markers=[comment_marker(comment.fingerprint)])
    assert shown.tags.count("sub") == 1


def assert_a_review_of_it_is_inert(text: str) -> None:
    listed = a_comment(path=text, title=text, severity=text)
    missing = ((text, text), ("ruff", "timed out"))
    review = a_review(summary=text, summary_comments=(listed, listed), missing_stages=missing)
    shown = assert_inert(
        review_body(review),
        markers=[review_marker(review.review_id, review.head_sha)],
        tags=HARMLESS_TAGS | {"h3", "details", "summary"},
    )
    assert [shown.tags.count(tag) for tag in ("h3", "details", "summary")] == [1, 1, 1]


@pytest.mark.parametrize("text", [*HOSTILE, *LONG])
def test_hostile_text_is_inert_wherever_it_is_shown(text: str) -> None:
    assert_a_comment_of_it_is_inert(text)
    assert_a_review_of_it_is_inert(text)


@given(hostile)
def test_whatever_is_said_a_comment_is_inert(text: str) -> None:
    assert_a_comment_of_it_is_inert(text)


@given(hostile)
def test_whatever_is_said_a_review_is_inert(text: str) -> None:
    assert_a_review_of_it_is_inert(text)


@given(hostile.filter(lambda text: "`" not in text))
def test_a_line_shows_every_character_that_was_said(text: str) -> None:
    said = re.sub(
        "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\u200b]", "", text
    )
    assert Rendered(f"· {harmless_line(text)}").text == f"· {' '.join(said.split())}".strip()


@pytest.mark.parametrize(
    "code",
    [
        "List<String>",
        "@Override",
        'fetch("https://x")',
        "a | b",
        "$HOME",
        "#123",
        "\\d+",
        "*args, **kwargs",
        "x[0](y)",
        HEAD,
    ],
)
def test_code_is_shown_as_it_was_said(code: str) -> None:
    assert Rendered(harmless_line(f"Use `{code}` here")).code == [code]
    assert Rendered(harmless(f"Use:\n```java\n{code}\n```\nhere")).code == [f"{code}\n"]
    assert Rendered(code_span(code)).code == [code]


@pytest.mark.parametrize(
    ("text", "html_code"),
    [
        ("``a ` b``", "a ` b"),
        ("`` `a` ``", "`a`"),
        ("a `b", None),
        ("a ` b\nc ` d", None),
        ("```a``` b", "a"),
        ("`  a `", " a"),
    ],
)
def test_backticks_pair_as_in_markdown(text: str, html_code: str | None) -> None:
    assert Rendered(harmless(text)).code == ([] if html_code is None else [html_code])


def test_a_block_of_code_keeps_its_lines_and_its_language() -> None:
    text = "Write:\n\n  ```Python title=x\n  def f(a):\n      return a\n\n  ~~~\n  ```\nThen go on."
    assert harmless(text) == (
        "Write:\n\n```python\ndef f(a):\n    return a\n\n~~~\n```\nThen go on."
    )


@pytest.mark.parametrize(
    "text",
    [
        "The value may be None (see the caller); do_work and get_all_items use it 50% of the time!",
        "Read: 120 changed lines in 3 files. 2 findings: 1 high, 1 low.",
        'On Windows "a/b" isn\'t it? x > 0 && y -> z; int | None; UTF8, C++, {a: 1}, 3 - 2 = 1.',
        "First:\n- one\n- two\n\n1. three\n2. four",
    ],
)
def test_plain_prose_needs_no_escapes(text: str) -> None:
    assert harmless(text) == text


def test_lists_stay_lists() -> None:
    shown = Rendered(harmless("Two ways:\n* `a`\n  + b\n\nThen:\n1. c\n2) d"))
    assert shown.tags.count("li") == 4
    assert shown.text == "Two ways: b Then: c d a"


@pytest.mark.parametrize("mark", ["+", "-", "1.", "2) "])
def test_a_mark_without_an_item_is_text(mark: str) -> None:
    shown = Rendered(harmless(mark))
    assert (shown.tags, shown.text) == (["p"], mark.strip())


def test_an_address_is_shown_as_it_was_said() -> None:
    assert Rendered(harmless("See https://a.example/b_c?d=1#e.")).text == (
        "See https://a.example/b_c?d=1#e."
    )


@given(hostile.map(lambda text: text * 200))
def test_what_is_cut_ends_its_code_and_stays_within_its_limit(text: str) -> None:
    assert len(harmless(text)) <= TEXT_LIMIT * GROWTH
    assert len(harmless_line(text)) <= LINE_LIMIT * GROWTH


def test_what_is_cut_says_so_even_inside_of_code() -> None:
    shown = harmless("```python\n" + "x = 1\n" * TEXT_LIMIT)
    assert shown.endswith("…\n```")
    assert harmless_line("a " * LINE_LIMIT).endswith("…")
    assert harmless("x" * (TEXT_LIMIT + 1)) == "x" * TEXT_LIMIT + "…"


def test_a_suggestion_with_a_marker_of_ours_is_not_offered() -> None:
    comment = a_comment(replacement="x = '<!-- crivo:review:y -->'")
    assert "suggestion" not in comment_body(comment)


def test_a_line_for_a_place_without_markdown_has_no_escapes() -> None:
    assert plain_line("Trying again:\nstep_1 [a] failed", 250) == "Trying again: step_1 [a] failed"
    assert plain_line("@mona #1", 250) == "@\u200bmona #\u200b1"
    assert len(plain_line("@" * 300, 250)) == 250

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from platform_integration.infrastructure.github_markdown import (
    BODY_LIMIT,
    comment_body,
    review_body,
    review_marker,
)
from platform_integration.infrastructure.inert_markdown import harmless
from platform_integration_support.builders import a_comment, a_review
from platform_integration_support.rendered import Rendered


@given(st.text())
def test_foreign_text_forges_no_marker_and_pings_nobody(text: str) -> None:
    body = harmless(f"{text} <!-- crivo:review:x --> @mona @org/team")
    assert "<!--" not in body
    assert not any(re.search(r"@\w", prose) for prose in Rendered(body).prose)


@pytest.mark.parametrize("inside", ["x = 1", "```", "a ```` b", "`````"])
def test_a_suggestion_cannot_end_its_own_fence(inside: str) -> None:
    body = comment_body(a_comment(replacement=inside))
    opening = re.search(r"^(`+)suggestion$", body, re.MULTILINE)
    assert opening is not None
    assert opening[1] not in inside
    assert f"{opening[1]}suggestion\n{inside}\n{opening[1]}\n" in body


def test_a_review_of_many_findings_stays_within_githubs_limit_and_counts_the_rest() -> None:
    many = tuple(a_comment(line, title="t" * 300) for line in range(1, 1000))
    review = a_review(summary_comments=many)
    body = review_body(review)
    assert len(body) <= BODY_LIMIT
    listed = len(re.findall(r"^- `app\.py", body, re.MULTILINE))
    assert f"and {1000 - 1 - listed} more" in body
    assert review_marker(review.review_id, review.head_sha) in body


@pytest.mark.parametrize(
    ("outcome", "said"), [("partial", "Partial review"), ("failed", "The review failed")]
)
def test_what_is_not_complete_says_so(outcome: str, said: str) -> None:
    body = review_body(a_review(outcome=outcome, missing_stages=(("ruff", "timed out"),)))
    assert said in body
    assert "**ruff**: timed out" in body


def test_a_reason_may_name_many_files() -> None:
    names = ", ".join(f"shop/part{number}/module.py" for number in range(50))
    body = review_body(a_review(outcome="partial", missing_stages=(("review", names),)))
    assert "shop/part49/module.py" in body

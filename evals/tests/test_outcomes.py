"""What a run keeps can be counted again, and says what the model took."""

from pathlib import Path

from crivo_evals import outcomes
from crivo_evals.accounts import accounts, said
from crivo_evals.cases import Answer, Region
from crivo_evals.outcomes import Comment, Json, Outcome
from crivo_evals.report import Run, write

MODEL: Json = {
    "rejected": {"no such line": 2},
    "requests": 1,
    "input_tokens": 900,
    "output_tokens": 50,
    "cost_usd": 0.25,
    "not_read": ["big.py"],
}


def an_outcome(case_id: str, *comments: Comment, model: Json | None = None) -> Outcome:
    review: Json = {"findings": [], "missing_stages": [], "model": model}
    return Outcome(case_id=case_id, state="completed", review=review, comments=comments)


def a_comment(line: int) -> Comment:
    return Comment(path="a.py", first=line, last=line, body="**It leaks**\nso", by="model")


def test_what_is_kept_is_read_as_it_was(tmp_path: Path) -> None:
    made = [an_outcome("01-a", a_comment(3), model=MODEL), an_outcome("02-b")]
    outcomes.keep(tmp_path / "new" / "run.json", made, model="some-model")
    assert outcomes.read(tmp_path / "new" / "run.json") == (made, "some-model")


def test_accounts_are_sums_over_reviews_that_asked_a_model() -> None:
    total = accounts([an_outcome("01-a", model=MODEL)] * 2 + [an_outcome("02-b")])
    assert (total.reviews, total.requests, total.input_tokens) == (2, 2, 1800)
    assert (total.cost_usd, total.unpriced, total.not_read) == (0.5, 0, 2)
    assert total.rejected == {"no such line": 4}


def test_an_unknown_price_is_said_and_not_zero() -> None:
    unpriced = {**MODEL, "cost_usd": None}
    total = accounts([an_outcome("01-a", model=unpriced), an_outcome("02-b", model=MODEL)])
    assert "0.2500 USD and 1 reviews without a known price" in said(total)[0]
    nothing_known = accounts([an_outcome("01-a", model=unpriced)])
    assert "USD" not in said(nothing_known)[0]


def test_a_run_without_a_model_says_so() -> None:
    assert said(
        accounts(
            [an_outcome("01-a"), Outcome(case_id="02-b", state="failed", review=None, comments=())]
        )
    ) == ["No model was asked."]


def test_what_was_not_reviewed_as_a_whole_is_said(tmp_path: Path) -> None:
    answers = {"02-b": Answer(id="02-b", language="Python", says="It does not leak")}
    missing = [{"stage": "review", "reason": "timed out"}]
    review: Json = {"findings": [], "missing_stages": missing}
    made = [Outcome(case_id="02-b", state="completed", review=review, comments=())]
    page = tmp_path / "RESULTS.md"
    write(page, Run(outcomes=made, answers=answers, model=None))
    assert "- 02-b: completed, without review (timed out)" in page.read_text()


def test_the_page_lists_what_a_person_has_to_judge(tmp_path: Path) -> None:
    answers = {
        "01-a": Answer(
            id="01-a",
            language="Python",
            says="It leaks",
            kind="leak",
            severity="high",
            regions=(Region(path="a.py", first=3, last=3),),
        ),
        "02-b": Answer(id="02-b", language="Python", says="It does not leak"),
    }
    made = [an_outcome("01-a", a_comment(3)), an_outcome("02-b", a_comment(9))]
    page = tmp_path / "RESULTS.md"
    write(page, Run(outcomes=made, answers=answers, model="some-model"))
    text = page.read_text()
    assert "| leak | high | 01-a | model |" in text
    assert "- 02-b (clean), `a.py:9-9`, model: **It leaks**" in text
    assert "- 01-a" not in text

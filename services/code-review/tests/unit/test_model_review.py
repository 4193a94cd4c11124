"""The checkpoint of the stage that asks a model: what was read, what was not, and what it cost."""

from decimal import Decimal

from code_review.domain.model_review import BundleOutcome, ModelReview
from code_review.domain.model_usage import Usage, estimated_tokens
from code_review_support.builders import a_finding

PAID = Usage(requests=1, input_tokens=1000, output_tokens=50, cost_usd=Decimal("0.001"))


def a_review(**outcomes: BundleOutcome) -> ModelReview:
    review = ModelReview(model="m", prompt_version="1")
    for key, outcome in outcomes.items():
        review = review.with_outcome(key, outcome)
    return review


def answered(*paths: str) -> BundleOutcome:
    return BundleOutcome(paths=paths, findings=(a_finding(),), usage=PAID, seconds=1.5)


def failed(*paths: str, reason: str = "unavailable: HTTP 500") -> BundleOutcome:
    return BundleOutcome(paths=paths, failure=reason, usage=Usage(requests=2, unreported=1))


def test_what_failed_is_named_with_its_reason_and_counts_in_the_accounts() -> None:
    review = a_review(a=answered("a.py"), b=failed("b.py", "c.py"))
    assert review.read == {"a.py"}
    assert review.missing == (
        "2 of 3 files not read by the model; unavailable: HTTP 500: b.py, c.py"
    )
    assert (review.usage.requests, review.usage.unreported) == (3, 1)


def test_a_file_of_which_one_part_was_not_read_was_not_read() -> None:
    review = a_review(a=answered("big.py"), b=failed("big.py"))
    assert review.read == frozenset()
    assert list(review.unread) == ["big.py"]


def test_a_later_attempt_keeps_answers_and_all_accounts_and_asks_the_rest_again() -> None:
    review = a_review(a=answered("a.py"), b=failed("b.py")).to_go_on_with()
    assert list(review.outcomes) == ["a"]
    assert review.usage.requests == 3
    again = review.with_outcome("b", answered("b.py"))
    assert again.missing is None
    assert (again.usage.requests, again.usage.input_tokens) == (4, 2000)


def test_long_lists_of_names_are_cut_and_counted() -> None:
    names = [f"services/{number:04}/module.py" for number in range(300)]
    review = a_review(b=failed(*names))
    assert review.missing is not None
    assert len(review.missing) < 1_700
    assert review.missing.endswith("more")


def test_an_unknown_price_is_never_nothing() -> None:
    unknown = Usage(requests=1, input_tokens=5, cost_usd=None)
    assert (PAID + unknown).cost_usd is None
    assert (unknown + PAID).cost_usd is None
    assert (PAID + PAID).cost_usd == Decimal("0.002")


def test_an_estimate_counts_bytes_so_that_other_scripts_are_not_cheap() -> None:
    assert estimated_tokens("") == 0
    assert estimated_tokens("x" * 28) == 10
    assert estimated_tokens("漢" * 28) == 30
    assert estimated_tokens("\ud800") == 1

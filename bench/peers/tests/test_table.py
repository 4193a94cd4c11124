"""What is said of the figures follows from them."""

from crivo_bench.plan import Plan
from crivo_bench.table import Line, Target, percentile, ratio


def a_line(value: float, target: Target) -> Line:
    return Line(what="rate", ours="1/s", against="peer 2/s", value=value, target=target)


def test_a_ratio_is_the_median_of_the_pairs_and_not_the_ratio_of_medians() -> None:
    # The machine was three times slower during the second pair, for both.
    assert ratio([60, 20, 66], [100, 40, 100]) == 0.6


def test_a_target_says_on_which_side_of_it_is_good() -> None:
    assert a_line(0.6, Target(bound="≥", value=0.6)).is_reached
    assert not a_line(0.59, Target(bound="≥", value=0.6)).is_reached
    assert a_line(2.0, Target(bound="≤", value=2, unit="s")).is_reached
    assert not a_line(2.01, Target(bound="≤", value=2, unit="s")).is_reached


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(each) for each in range(100, 0, -1)]
    assert percentile(values, 0.5) == 51
    assert percentile(values, 0.99) == 100
    assert percentile([7.0], 0.99) == 7


def test_pairs_take_turns_in_who_goes_first() -> None:
    order: list[str] = []
    plan = Plan(pairs=3, seconds=1, jobs=1, past_jobs=1)

    def leg(name: str) -> str:
        order.append(name)
        return name

    measured = plan.interleaved(lambda: leg("ours"), lambda: leg("theirs"))
    assert order == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert measured == (["ours"] * 3, ["theirs"] * 3)

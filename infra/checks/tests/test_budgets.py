"""What is larger than its budget is refused, and what was so before may only shrink."""

from pathlib import Path

import budgets
import pytest

ROOT = Path(__file__).parents[3]
FILE = "services/shop/src/shop/domain/cart.py"


def planted(root: Path, code: str, name: str = FILE) -> Path:
    file = root / name
    file.parent.mkdir(parents=True)
    file.write_text(code)
    return root


def lines(count: int) -> str:
    return "x = 1\n" * count


def function(count: int) -> str:
    return "def f() -> None:\n" + "    x = 1\n" * (count - 1)


def port(methods: int) -> str:
    return "class Carts(Protocol):\n" + "".join(
        f"    def m{number}(self) -> None: ...\n" for number in range(methods)
    )


def handler(dependencies: int) -> str:
    return "class PayHandler:\n" + "".join(
        f"    d{number}: int\n" for number in range(dependencies)
    )


def test_everything_is_within_its_budget() -> None:
    assert budgets.problems(ROOT)[1] == []


@pytest.mark.parametrize(
    ("make", "name", "budget"),
    [
        (lines, FILE, budgets.LINES),
        (lines, "services/shop/tests/unit/test_cart.py", budgets.TEST_LINES),
        (lines, "services/shop/tests/conftest.py", budgets.CONFTEST_LINES),
        (function, FILE, budgets.FUNCTION_LINES),
        (port, FILE, budgets.PORT_METHODS),
        (handler, FILE, budgets.DEPENDENCIES),
    ],
)
def test_past_the_first_figure_is_a_warning_and_past_the_second_an_error(
    tmp_path: Path, make: object, name: str, budget: tuple[int, int]
) -> None:
    assert callable(make)
    first, second = budget
    found = [
        budgets.problems(planted(tmp_path / str(size), make(size), name), {})
        for size in (first, first + 1, second, second + 1)
    ]
    assert [(len(warnings), len(errors)) for warnings, errors in found] == [
        (0, 0), (1, 0), (1, 0), (0, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (451, "451 lines"),
        (450, None),
        (449, "lower its ceiling"),
        (400, "take it out"),
    ],
)
def test_what_was_over_before_may_only_shrink(tmp_path: Path, size: int, said: str | None) -> None:
    _, errors = budgets.problems(planted(tmp_path, lines(size)), {FILE: 450})
    assert len(errors) == (said is not None)
    assert said is None or said in errors[0]

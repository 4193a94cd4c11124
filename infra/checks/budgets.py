"""Budgets of the house style: a warning at the first figure, an error at the second.

What was over the second when this check came is in OVER with its size, which may only shrink.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOMS = ("contracts", "libs", "services", "infra", "tests-e2e", "bench", "evals")
LINES, TEST_LINES, CONFTEST_LINES = (250, 400), (400, 600), (80, 120)
FUNCTION_LINES, PORT_METHODS, DEPENDENCIES = (35, 60), (4, 6), (5, 7)
# Data of tests, and what tools make.
NOT_OURS = {"samples", "pull_requests", "versions", "__pycache__"}
OVER = {
    "infra/local/src/crivo_local/platform.py::Platform": 8,
    "libs/messaging/src/crivo_messaging/postgres.py::messaging_tables": 66,
    "services/code-review/src/code_review/application/analyze_pull_request.py"
    "::AnalyzePullRequestHandler": 8,
    "services/platform-integration/src/platform_integration/application/ports.py::CodeHost": 7,
    "services/workflow-queue/src/workflow_queue/application/ports.py::Transaction": 8,
    "services/workflow-queue/src/workflow_queue/presentation/consumers.py::consumers": 83,
    "infra/simulators/src/crivo_simulators/api.py::_repositories": 79,
    "infra/simulators/src/crivo_simulators/control.py::control": 67,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of something there is, and how much there may be."""

    place: str
    what: str
    size: int
    budget: tuple[int, int]

    def __str__(self) -> str:
        first, second = self.budget
        return f"{self.place}: {self.size} {self.what}, of at most {first} (an error past {second})"


def sizes(root: Path) -> Iterator[Size]:
    for room in ROOMS:
        for file in sorted((root / room).rglob("*.py")):
            path = file.relative_to(root)
            if not NOT_OURS & set(path.parts):
                yield from _of(path, file.read_text())


def problems(root: Path, over: dict[str, int] = OVER) -> tuple[list[str], list[str]]:
    """Warnings and errors."""
    warnings, errors, seen = [], [], set()
    for each in sizes(root):
        ceiling = over.get(each.place, each.budget[1])
        if each.size > ceiling:
            errors.append(str(each))
        elif each.size > each.budget[0]:
            warnings.append(str(each))
        if each.place in over and each.size > each.budget[1]:
            seen.add(each.place)
            if each.size < ceiling:
                errors.append(f"{each.place}: shrank to {each.size}; lower its ceiling in OVER")
    errors += [
        f"{place}: is within its budget; take it out of OVER" for place in over.keys() - seen
    ]
    return warnings, errors


def _of(path: Path, text: str) -> Iterator[Size]:
    tests = "tests" in path.parts
    budget = CONFTEST_LINES if path.name == "conftest.py" else TEST_LINES if tests else LINES
    yield Size(place=str(path), what="lines", size=len(text.splitlines()), budget=budget)
    for node in ast.walk(ast.parse(text)):
        place = f"{path}::{getattr(node, 'name', '')}"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield Size(place=place, what="lines", size=lines, budget=FUNCTION_LINES)
        if isinstance(node, ast.ClassDef) and not tests:
            yield from _of_class(node, place)


def _of_class(node: ast.ClassDef, place: str) -> Iterator[Size]:
    functions = [
        each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    if any(getattr(base, "id", "") == "Protocol" for base in node.bases):
        yield Size(place=place, what="methods", size=len(functions), budget=PORT_METHODS)
    if node.name.endswith("Handler"):
        fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
        yield Size(place=place, what="dependencies", size=len(fields), budget=DEPENDENCIES)
    for function in functions:
        if function.name == "__init__":
            given = [*function.args.args[1:], *function.args.kwonlyargs]
            yield Size(place=place, what="arguments", size=len(given), budget=DEPENDENCIES)


def main() -> None:
    warnings, errors = problems(Path(__file__).parents[2])
    if warnings:
        sys.stdout.write(f"{len(warnings)} over the first figure of their budgets\n")
    if "--warnings" in sys.argv:
        sys.stdout.writelines(f"  {each}\n" for each in warnings)
    sys.exit("\n".join(errors) or None)


if __name__ == "__main__":
    main()

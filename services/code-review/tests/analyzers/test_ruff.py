"""Ruff as a source of findings."""

import json
import subprocess

import pytest
from code_review.domain.finding import Category, Finding, Severity
from code_review.infrastructure.analyzers.ruff import RuffAnalyzer
from code_review.infrastructure.analyzers.ruff_rules import RULES
from code_review_analyzers_support.sources import a_file, rules_found, the_finding

RUFF = RuffAnalyzer(seconds=30)


async def test_a_finding_says_where_what_and_why() -> None:
    file = a_file("src/shop.py", "def price():\n    return cost\n")

    assert await the_finding(RUFF, file) == Finding(
        path="src/shop.py",
        start_line=2,
        end_line=2,
        severity=Severity.HIGH,
        category=Category.BUG,
        title="Undefined name",
        explanation="Undefined name `cost`. Reaching this line raises NameError. "
        "See https://docs.astral.sh/ruff/rules/undefined-name",
        source="ruff:F821",
    )


@pytest.mark.parametrize(
    ("code", "rule", "severity", "category"),
    [
        ("def f(a=[]): ...\n", "B006", Severity.MEDIUM, Category.BUG),
        ("eval(input())\n", "S307", Severity.HIGH, Category.SECURITY),
        ("try:\n    f = 1\nexcept:\n    f = 2\n", "E722", Severity.MEDIUM, Category.RELIABILITY),
        ("import os\n", "F401", Severity.LOW, Category.MAINTAINABILITY),
        ("q = 'SELECT a FROM b WHERE c = ' + input()\n", "S608", Severity.HIGH, Category.SECURITY),
    ],
)
async def test_a_rule_has_a_severity_and_a_category(
    code: str, rule: str, severity: Severity, category: Category
) -> None:
    found = await the_finding(RUFF, a_file("a.py", code))

    assert (found.source, found.severity, found.category) == (f"ruff:{rule}", severity, category)


async def test_a_syntax_error_is_the_only_finding_of_its_file() -> None:
    broken = a_file("broken.py", "import os\nx = (\ndef f(:\n")
    other = a_file("other.py", "import os\n")

    found = await RUFF.analyze([broken, other])

    assert [(f.path, f.source) for f in found] == [
        ("broken.py", "ruff:invalid-syntax"),
        ("other.py", "ruff:F401"),
    ]
    assert found[0].severity is Severity.CRITICAL


async def test_an_error_past_the_last_line_is_on_the_last_line() -> None:
    found = await the_finding(RUFF, a_file("a.py", "x = 1\nif x:\n"))

    assert (found.start_line, found.end_line) == (2, 2)


async def test_syntax_of_the_newest_python_is_no_error() -> None:
    assert await RUFF.analyze([a_file("a.py", "type Pair[T] = tuple[T, T]\n")]) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1\nimport os\ny = 2\n", "x = 1\ny = 2\n"),
        ("x = 1\nimport os", "x = 1"),
        ("\ufeffx = 1\nimport os\n", "\ufeffx = 1\n"),
        ("x = 1\r\nimport os\r\ny = 2\r\n", "x = 1\r\ny = 2\r\n"),
        ("import os, sys\nsys.exit()\n", "import sys\nsys.exit()\n"),
        ("import os, sys\nx = 1\n", "x = 1\n"),
        (
            "from os import (\n    path,\n    sep,\n    name,\n)\nprint(path, sep)\n",
            "from os import (\n    path,\n    sep,\n)\nprint(path, sep)\n",
        ),
        (
            'def f(x):\n\tprint("é😀"); return x is "é😀"\n',
            'def f(x):\n\tprint("é😀"); return x == "é😀"\n',
        ),
        ('x = input() is (\r\n\t"é"\r\n)\r\n', 'x = input() == (\r\n\t"é"\r\n)\r\n'),
    ],
    ids=[
        "a line goes",
        "the last line goes",
        "after a byte order mark",
        "carriage returns",
        "one name of an import",
        "all names of an import",
        "a line of a longer import",
        "characters of many bytes",
        "an expression over lines",
    ],
)
async def test_a_safe_fix_is_a_replacement_that_ends_the_finding(before: str, after: str) -> None:
    found = await the_finding(RUFF, a_file("a.py", before))

    assert found.replacement is not None
    assert with_replacement(before, found) == after
    assert await RUFF.analyze([a_file("a.py", after)]) == []


def with_replacement(content: str, found: Finding) -> str:
    end = "\r\n" if "\r\n" in content else "\n"
    lines = content.split(end)
    new = found.replacement.split("\n") if found.replacement else []
    return end.join([*lines[: found.start_line - 1], *new, *lines[found.end_line :]])


async def test_the_names_of_one_import_are_one_finding() -> None:
    found = await the_finding(RUFF, a_file("a.py", "import os, sys\n"))

    assert "`os` imported but unused" in found.explanation
    assert "`sys` imported but unused" in found.explanation


async def test_a_fix_that_leaves_the_diff_is_not_proposed() -> None:
    code = "import os\n"

    assert (await the_finding(RUFF, a_file("a.py", code))).replacement == ""
    found = await the_finding(RUFF, a_file("a.py", code, changed=frozenset({2})))
    assert (found.start_line, found.end_line, found.replacement) == (1, 1, None)


async def test_a_fix_that_would_lose_a_byte_order_mark_is_not_proposed() -> None:
    assert (await the_finding(RUFF, a_file("a.py", "\ufeffimport os\n"))).replacement is None


async def test_an_unsafe_fix_is_not_proposed() -> None:
    assert (
        await the_finding(RUFF, a_file("a.py", "def f(a=[]):\n    return a\n"))
    ).replacement is None


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("pkg/__init__.py", "from os import path\n"),
        ("tests/test_login.py", "password = 'hunter2'\nassert password\n"),
        ("login_test.py", "password = 'hunter2'\n"),
        ("conftest.py", "import stack\ntoken = 'abc-def-123'\n"),
        ("a.py", "import random\nx = random.random()\nassert x\n"),
        ("a.py", "import subprocess\nsubprocess.run(['ls'])\n"),
        ("a.py", "x = 'a'  # " + "long " * 60 + "\n"),
        ("a.py", "eval(input())  # noqa: S307\n"),
        ("notes.md", "import os\n"),
        ("nb.ipynb", "{}"),
        ("a.py", "import os\rimport sys\n"),
        ("a.py", "import os\n# \ud800\n"),
        ("a.py", "import os\n" + "# more\n" * 200_000),
    ],
    ids=[
        "a package's exports",
        "a test's password",
        "a test by its name",
        "a test's configuration",
        "an assertion, and chance",
        "a command without a shell",
        "style",
        "what the author answered",
        "prose",
        "a notebook",
        "lines Git counts otherwise",
        "what is not text",
        "a file beyond a megabyte",
    ],
)
async def test_some_things_are_not_worth_a_word(path: str, code: str) -> None:
    assert await RUFF.analyze([a_file(path, code)]) == []


def test_ruff_knows_every_rule_by_the_code_we_use() -> None:
    known = subprocess.run(
        [RUFF.program, "rule", "--all", "--output-format", "json"], capture_output=True, check=True
    )

    stable = {rule["code"] for rule in json.loads(known.stdout) if "Stable" in rule["status"]}
    assert set(RULES) - stable == set()


async def test_every_file_has_its_own_findings() -> None:
    files = [a_file(f"pkg/m{number}.py", "import os\nx = y\n") for number in range(12)]

    assert await rules_found(RUFF, *files) == sorted(
        (file.path, rule, line)
        for file in files
        for rule, line in [("ruff:F401", 1), ("ruff:F821", 2)]
    )

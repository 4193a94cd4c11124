"""The scripted model finds what its rules name, on the line where the prompt shows it."""

import json
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest
from crivo_simulators import sample
from crivo_simulators.model.asked import Asked, asked_of
from crivo_simulators.model.scripted import rules_of
from crivo_simulators.model_server import scripted
from simulators_support.model import Json, Provider, request

RULES = """
[[rules]]
path = "a.py"
code = "x = 1"
when = "Be thorough"
lines = 2
severity = "low"
category = "bug"
title = "T"
explanation = "E"
fix = "F"
"""


def shown(path: str, text: str) -> str:
    lines = enumerate(text.splitlines(), start=1)
    return f"path: {json.dumps(path)}\n" + "".join(f"{n:>6} + {line}\n" for n, line in lines)


def asked(prompt: str) -> Asked:
    return asked_of(request(prompt))


async def findings(prompt: str, rules: Path | None = None) -> list[Json]:
    found: list[Json] = json.loads(await scripted(rules)(asked(prompt)))["findings"]
    return found


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    file = tmp_path / "rules.toml"
    file.write_text(RULES)
    return file


async def test_a_finding_has_the_number_of_the_line_it_quotes(provider: Provider) -> None:
    assert json.loads(await provider.said()) == {
        "findings": [
            {
                "path": "shop/money.py",
                "line": 8,
                "end_line": 8,
                "severity": "medium",
                "category": "bug",
                "title": "Half of the cents is a fraction",
                "explanation": "half(3) is 1.5.",
                "fix": "return cents // 2",
                "evidence": "    return cents / 2",
            }
        ]
    }


async def test_a_finding_may_span_lines(rules: Path) -> None:
    (found,) = await findings("Be thorough\n" + shown("a.py", "\nx = 1\ny = 2"), rules)
    assert (found["line"], found["end_line"]) == (2, 3)


@pytest.mark.parametrize(
    "prompt",
    [
        shown("a.py", "x = 1"),
        "Be thorough\n" + shown("b.py", "x = 1"),
        "Be thorough\n" + shown("a.py", "x = 10"),
        'Be thorough\npath: "a.py"\n       - x = 1\n',
        "Be thorough\n     4 + x = 1\n",
        "Be thorough\n" + shown("a.py", "pass") + shown("b.py", "x = 1"),
        "Be thorough\n" + shown("b.py", 'path: "a.py"\nx = 1'),
    ],
    ids=["when", "path", "code", "removed", "no file", "next file", "a heading in the code"],
)
async def test_nothing_is_found_where_a_rule_does_not_apply(rules: Path, prompt: str) -> None:
    assert await findings(prompt, rules) == []


async def test_the_surroundings_are_lines_too(rules: Path) -> None:
    (found,) = await findings('Be thorough\npath: "a.py"\n    14   x = 1\n', rules)
    assert found["line"] == 14


def test_a_rule_with_a_field_that_does_not_exist_is_refused(rules: Path) -> None:
    rules.write_text(RULES + 'confidence = "high"\n')
    with pytest.raises(TypeError, match="confidence"):
        rules_of(rules)


async def test_the_samples_defects_for_the_model_are_found_and_nothing_else() -> None:
    head = sample.load().head
    found = await findings("".join(shown(path, text) for path, text in head.items()))
    places = [(each["path"], each["line"]) for each in found]
    assert Counter(places) == Counter(
        (each.path, each.line) for each in sample.load().defects_for_the_model
    )
    for each in found:
        assert each["evidence"] == head[each["path"]].splitlines()[each["line"] - 1]


def test_no_defect_of_the_sample_is_both_a_rules_and_the_models() -> None:
    known = sample.load()
    every = [(each.path, each.line) for each in chain(known.defects, known.defects_for_the_model)]
    assert len(every) == len(set(every))
    assert not {path for path, _ in every} & set(known.clean_paths)

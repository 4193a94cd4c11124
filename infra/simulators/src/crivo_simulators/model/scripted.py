"""Answers by rule: a finding wherever the prompt shows a line of code that a rule names."""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from crivo_simulators.model.asked import Asked
from crivo_simulators.model.prompts import Shown, shown_in

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`code` is a line without its indentation; the finding spans `lines` from there."""

    path: str
    code: str
    severity: str
    category: str
    title: str
    explanation: str
    fix: str
    lines: int = 1
    when: str = ""

    def finding(self, shown: Shown) -> Json:
        said = asdict(self)
        for name in ("code", "lines", "when"):
            del said[name]
        place = {"line": shown.number, "end_line": shown.number + self.lines - 1}
        return {**said, **place, "evidence": shown.text}


class Scripted:
    """The same prompt always has the same answer."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules

    async def __call__(self, asked: Asked) -> str:
        found = []
        texts = [each.text for each in asked.messages if each.role == "user"]
        lines = [line for text in texts for line in shown_in(text)]
        for rule in self._rules:
            if rule.when in asked.prompt:
                found += [rule.finding(line) for line in lines if _is_meant(rule, line)][:1]
        return json.dumps({"findings": found}, ensure_ascii=False)


def rules_of(file: Path) -> list[Rule]:
    """Of a TOML file with a table `rules` per rule; raise TypeError for fields that no rule has."""
    return [Rule(**each) for each in tomllib.loads(file.read_text())["rules"]]


def _is_meant(rule: Rule, line: Shown) -> bool:
    return (line.path, line.text.strip()) == (rule.path, rule.code)

"""Every rule against its samples, by the real ast-grep."""

from pathlib import Path

import pytest
import yaml
from code_review.domain.finding import Category, Severity
from code_review.infrastructure.analyzers.ast_grep import AstGrepAnalyzer
from code_review.infrastructure.analyzers.rule_pack import rule_pack
from code_review_analyzers_support.sources import a_file, rules_found

SAMPLES = Path(__file__).parent / "samples"
RULES = {rule["id"]: rule for rule in yaml.safe_load_all(rule_pack())}
MARK = "crivo: match"


@pytest.mark.parametrize("rule", sorted(RULES))
async def test_a_rule_finds_exactly_the_marked_lines_of_its_samples(rule: str) -> None:
    paths = [path for path in sorted((SAMPLES / rule).rglob("*")) if path.is_file()]
    files = [a_file(path.relative_to(SAMPLES).as_posix(), path.read_text()) for path in paths]
    marked = [
        (file.path, f"ast-grep:{rule}", number)
        for file in files
        for number, line in enumerate(file.content.splitlines(), start=1)
        if line.endswith(MARK)
    ]

    assert await rules_found(AstGrepAnalyzer(seconds=30), *files) == sorted(marked)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rule_has_three_lines_to_find_and_three_to_pass_over(rule: str) -> None:
    found = [path.read_text() for path in (SAMPLES / rule / "match").iterdir()]
    passed = [path.read_text() for path in (SAMPLES / rule / "no_match").iterdir()]

    assert "".join(found).count(MARK) >= 3
    assert sum(len(text.splitlines()) for text in passed) >= 3
    assert MARK not in "".join(passed)


def test_every_folder_of_samples_belongs_to_a_rule() -> None:
    assert {folder.name for folder in SAMPLES.iterdir()} == set(RULES)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rule_says_what_it_means_in_our_words(rule: str) -> None:
    metadata = RULES[rule]["metadata"]

    assert Severity(metadata["severity"])
    assert Category(metadata["category"])
    assert 0 < metadata["confidence"] <= 1
    assert metadata["title"]
    assert RULES[rule]["message"]
    assert RULES[rule]["note"]


@pytest.mark.parametrize("suffix", ["js", "jsx", "mjs", "cjs", "ts", "mts", "cts", "tsx"])
async def test_a_rule_for_javascript_reads_all_that_people_call_so(suffix: str) -> None:
    file = a_file(f"src/calc.{suffix}", "\nconst total = eval(expression);\n")

    found = await rules_found(AstGrepAnalyzer(seconds=30), file)

    assert found == [(file.path, "ast-grep:js-eval", 2)]

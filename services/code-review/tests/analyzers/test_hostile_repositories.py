"""What a repository's author cannot bring about by paths, configuration or content."""

from pathlib import Path

import pytest
from code_review.application.ports import Analyzer, AnalyzerFailed
from code_review.infrastructure.analyzers.ast_grep import AstGrepAnalyzer
from code_review.infrastructure.analyzers.ruff import RuffAnalyzer
from code_review.infrastructure.analyzers.workspace import MOST_BYTES_OF_A_FILE, open_workspace
from code_review_analyzers_support.sources import a_file, rules_found

# One finding of each analyzer, on line 2.
CODE = "import jwt\nclaims = jwt.decode(eval(__name__), options={'verify_signature': False})\n"
ANALYZERS = [
    pytest.param(RuffAnalyzer(seconds=30), "ruff:S307", id="ruff"),
    pytest.param(AstGrepAnalyzer(seconds=30), "ast-grep:py-jwt-unverified", id="ast-grep"),
]
PATHS = [
    "../../../outside.py",
    "/etc/passwd.py",
    "a\nb.py",
    "a\x00b.py",
    "-flag.py",
    "--config=x.py",
    "n" * 300 + ".py",
    "/".join(["deep"] * 400) + ".py",
    "build/node_modules/.venv/.hidden.py",
    "sp ace/'quote\"/$(id)/*.py",
    "\ud800.py",
    "SHOUTED.PY",
]


@pytest.mark.parametrize(("analyzer", "rule"), ANALYZERS)
async def test_a_path_is_a_name_and_nothing_else(analyzer: Analyzer, rule: str) -> None:
    files = [a_file(path, CODE) for path in PATHS]

    assert await rules_found(analyzer, *files) == sorted((path, rule, 2) for path in PATHS)


@pytest.mark.parametrize(("analyzer", "rule"), ANALYZERS)
async def test_two_files_of_one_path_harm_nobody(analyzer: Analyzer, rule: str) -> None:
    assert (
        await rules_found(analyzer, a_file("a.py", CODE), a_file("a.py", CODE))
        == [("a.py", rule, 2)] * 2
    )


@pytest.mark.parametrize(("analyzer", "rule"), ANALYZERS)
async def test_configuration_in_the_repository_changes_nothing(
    analyzer: Analyzer, rule: str
) -> None:
    found = await rules_found(
        analyzer,
        a_file("a.py", CODE),
        a_file("ruff.toml", "exclude = ['*']\n"),
        a_file(".ruff.toml", "lint.select = []\n"),
        a_file("pyproject.toml", "[tool.ruff]\nexclude = ['*']\n"),
        a_file("sgconfig.yml", "ruleDirs: []\nlanguageGlobs: {html: ['*.py']}\n"),
        a_file(".gitignore", "*\n"),
        a_file(".ignore", "*\n"),
    )

    assert found == [("a.py", rule, 2)]


@pytest.mark.parametrize(("analyzer", "rule"), ANALYZERS)
async def test_nothing_to_read_is_nothing_found(analyzer: Analyzer, rule: str) -> None:
    assert await analyzer.analyze([]) == []
    assert await analyzer.analyze([a_file("README", CODE)]) == []
    assert await analyzer.analyze([a_file("a.py", "\x00\x01")]) is not None


@pytest.mark.parametrize(("analyzer", "rule"), ANALYZERS)
async def test_more_than_can_be_read_fails_without_a_word_of_the_code(
    analyzer: Analyzer, rule: str
) -> None:
    large = a_file("a.py", "#" * MOST_BYTES_OF_A_FILE)

    with pytest.raises(AnalyzerFailed, match=r"^the changed files are larger than 20 MB together$"):
        await analyzer.analyze([large] * 21)


@pytest.mark.parametrize(
    "analyzer",
    [RuffAnalyzer(seconds=0.001), AstGrepAnalyzer(seconds=0.001)],
    ids=["ruff", "ast-grep"],
)
async def test_a_run_has_its_time(analyzer: Analyzer) -> None:
    with pytest.raises(AnalyzerFailed, match=f"^{analyzer.name} took longer than 0.001 s$"):
        await analyzer.analyze([a_file("a.py", CODE)])


@pytest.mark.parametrize("kind", [RuffAnalyzer, AstGrepAnalyzer])
async def test_a_program_that_breaks_fails_without_a_word_of_the_code(
    kind: type[RuffAnalyzer | AstGrepAnalyzer],
) -> None:
    with pytest.raises(AnalyzerFailed, match=r"ended with status 1$"):
        await kind(seconds=30, program="/bin/false").analyze([a_file("a.py", CODE)])
    with pytest.raises(AnalyzerFailed, match=r"wrote something that is not its report$"):
        await kind(seconds=30, program="/bin/echo").analyze([a_file("a.py", CODE)])


async def test_a_workspace_holds_names_of_its_own_and_goes_away(tmp_path: Path) -> None:
    suffixes = frozenset({".py"})
    files = [a_file("../__init__.py", ""), a_file("/x/ruff.toml", ""), a_file("y.py", "")]

    async with open_workspace(files, suffixes, configuration={"own.yml": ""}) as workspace:
        directory = workspace.directory
        written = {p.relative_to(directory).as_posix() for p in directory.rglob("*") if p.is_file()}

    assert written == {"f0/__init__.py", "f1/module.py", "own.yml"}
    assert not directory.exists()

"""`releases.toml` can be wrong: each rule is broken once, in a repository with two releases."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from environments import Refused
from released import Release, python_of

CHECKS = Path(__file__).parents[1]
SERVICES = ("billing", "shipping")


@dataclass(frozen=True, slots=True)
class Repository:
    """Two services, each released as 0.1.0 and then as 0.2.0."""

    root: Path
    commits: dict[str, str] = field(default_factory=dict)

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@acme.example"]
        alone = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull}
        return subprocess.run(
            ["git", *who, *arguments],
            cwd=self.root,
            env=alone,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def release_all(self, version: str) -> None:
        for service in SERVICES:
            folder = self.root / "services" / service
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n')
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", version)
        self.commits[version] = self.git("rev-parse", "HEAD")

    def say(self, *lines: str) -> None:
        text = "".join(f"    {line},\n" for line in lines)
        (self.root / "releases.toml").write_text(f"releases = [\n{text}]\n")

    def line(self, service: str, version: str, commit: str | None = None) -> str:
        commit = commit or self.commits[version]
        return f'{{ service = "{service}", version = "{version}", commit = "{commit}" }}'

    def lines(self) -> list[str]:
        return [self.line(service, version) for version in self.commits for service in SERVICES]

    def change(self, service: str, *sections: str) -> None:
        text = "".join(f"\n## {section}\n\n- A change.\n" for section in sections)
        file = self.root / "services" / service / "CHANGELOG.md"
        file.write_text(f"# Changelog of {service}\n{text}")

    def refusal(self) -> str:
        """What the check says; nothing when it passes."""
        check = subprocess.run(
            [sys.executable, "infra/checks/releases.py"],
            cwd=self.root,
            check=False,
            capture_output=True,
            text=True,
        )
        assert bool(check.returncode) == bool(check.stderr), check.stderr
        return check.stderr


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path)
    shutil.copytree(CHECKS, tmp_path / "infra/checks", ignore=shutil.ignore_patterns("tests", "_*"))
    made.git("init", "--quiet", "--initial-branch", "main")
    made.release_all("0.1.0")
    made.release_all("0.2.0")
    made.say(*made.lines())
    made.change("billing", "0.2.0", "0.1.0")
    made.change("shipping", "Unreleased", "0.2.0", "0.1.0")
    return made


def test_releases_that_are_what_they_say_pass(repository: Repository) -> None:
    assert repository.refusal() == ""


def test_each_service_has_a_release(repository: Repository) -> None:
    repository.say(*[line for line in repository.lines() if "billing" not in line])

    assert "billing has no release" in repository.refusal()


def test_a_release_is_of_a_service_that_exists(repository: Repository) -> None:
    repository.say(*repository.lines(), repository.line("selling", "0.1.0"))

    assert "selling is no service of ours" in repository.refusal()


def test_versions_increase(repository: Repository) -> None:
    repository.say(*reversed(repository.lines()))

    assert "billing 0.1.0 comes after billing 0.2.0" in repository.refusal()


def test_a_version_is_released_once(repository: Repository) -> None:
    repository.say(*repository.lines(), repository.line("billing", "0.2.0"))

    assert "billing 0.2.0 comes after billing 0.2.0" in repository.refusal()


def test_versions_are_numbers_and_not_text(repository: Repository) -> None:
    repository.release_all("0.10.0")
    repository.say(*repository.lines())
    repository.change("billing", "0.10.0", "0.2.0", "0.1.0")
    repository.change("shipping", "0.10.0", "0.2.0", "0.1.0")

    assert repository.refusal() == ""


def test_a_commit_that_this_clone_does_not_have_is_to_be_fetched(repository: Repository) -> None:
    repository.say(*repository.lines()[:-1], repository.line("shipping", "0.2.0", "f" * 40))

    refusal = repository.refusal()
    assert "shipping 0.2.0: this clone has no ffffffffffff" in refusal
    assert "git fetch --unshallow" in refusal


def test_a_release_that_was_not_fetched_cannot_be_run(repository: Repository) -> None:
    release = Release(service="shipping", version="0.2.0", commit="f" * 40)

    with pytest.raises(Refused, match=r"shipping 0\.2\.0 is not in this clone; git fetch"):
        python_of(release, repository.root)


def test_the_commit_is_of_that_version(repository: Repository) -> None:
    commit = repository.commits["0.1.0"]
    repository.say(*repository.lines()[:-1], repository.line("shipping", "0.2.0", commit))

    assert "shipping 0.2.0: its commit says that it is 0.1.0" in repository.refusal()


@pytest.mark.parametrize(
    ("told", "listed"),
    [
        (("0.1.0",), "0.1.0"),
        (("0.1.0", "0.2.0"), "0.1.0, 0.2.0"),
        (("0.2.0", "Unreleased", "0.1.0"), "0.2.0, Unreleased, 0.1.0"),
        (("0.3.0", "0.2.0", "0.1.0"), "0.3.0, 0.2.0, 0.1.0"),
    ],
)
def test_the_changelog_tells_of_what_was_released(
    repository: Repository, told: tuple[str, ...], listed: str
) -> None:
    repository.change("billing", *told)

    assert f"billing: CHANGELOG.md has the sections {listed}, and" in repository.refusal()


@pytest.mark.parametrize(
    "line",
    [
        '{ service = "billing", version = "0.2", commit = "' + "a" * 40 + '" }',
        '{ service = "billing", version = "0.2.0", commit = "main" }',
        '{ service = "billing", version = "0.2.0" }',
        '{ service = "billing", version = 2, commit = "' + "a" * 40 + '" }',
        '{ service = "billing", version = "0.2.0", commit = "' + "a" * 40 + '", on = "monday" }',
        "not toml",
    ],
)
def test_a_line_has_a_service_a_whole_version_and_a_whole_commit(
    repository: Repository, line: str
) -> None:
    repository.say(line)

    refusal = repository.refusal()
    assert "releases.toml: " in refusal
    assert "Traceback" not in refusal

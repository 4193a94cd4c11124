"""`make contracts` can fail: each rule is broken once, in a copy that has a history."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from catalogue import ROOT, entries

CREATED = "contracts/organization/src/organization_contracts/events.py"
KERNEL = "contracts/kernel/src/crivo_contracts/event.py"
TYPE = "organization.organization_created.v1"
SCHEMA = f"contracts/organization/schemas/{TYPE}.json"
SAMPLES = f"contracts/organization/samples/{TYPE}"


@dataclass(frozen=True, slots=True)
class Copy:
    """The contracts and their check in a git repository of their own."""

    root: Path

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.root / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def decide_removal_of(self, message: str) -> None:
        removed = self.root / "contracts/removed.md"
        removed.write_text(f"{removed.read_text()}| `{message}` | 2026-03-02 | no binding |\n")

    def git(self, *arguments: str) -> None:
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@acme.example"]
        self._run(["git", *who, *arguments]).check_returncode()

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "a change")

    def check(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run([sys.executable, "infra/checks/contracts.py", *arguments])

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        sources = os.pathsep.join(str(each) for each in self.root.glob("contracts/*/src"))
        alone = {"GIT_CONFIG_GLOBAL": os.devnull, "PYTHONDONTWRITEBYTECODE": "1"}
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": sources, **alone}
        return subprocess.run(
            command, cwd=self.root, env=environment, check=False, capture_output=True, text=True
        )


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    made = Copy(tmp_path)
    for folder in ("contracts", "infra/checks"):
        ignored = shutil.ignore_patterns("__pycache__", "tests")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs/events.md", tmp_path / "docs")
    made.git("init", "--quiet", "--initial-branch", "main")
    made.commit()
    return made


def refused(copy: Copy, *reasons: str) -> None:
    done = copy.check()
    assert done.returncode == 1, done.stdout
    for reason in reasons:
        assert reason in done.stderr


def test_what_is_published_is_compatible_with_itself(copy: Copy) -> None:
    done = copy.check()

    assert (done.returncode, done.stderr) == (0, "")
    assert f"{len(entries())} messages, compatible" in done.stdout


def test_a_breaking_change_is_refused_and_not_written(copy: Copy) -> None:
    before = (copy.root / SCHEMA).read_text()
    copy.edit(CREATED, "    name: str", "    title: str")

    refused(
        copy,
        f"{TYPE}: name was removed: a consumer that relies on it would break",
        f"{TYPE}: title is new and required: a message in flight would be refused",
    )
    assert copy.check("--write").returncode == 1
    assert (copy.root / SCHEMA).read_text() == before


def test_a_change_of_a_shared_part_names_every_message_that_it_breaks(copy: Copy) -> None:
    copy.edit(KERNEL, "max_length=2000", "max_length=100")

    refused(
        copy,
        "code_review.review_failed.v1: failure.reason: maxLength was 2000 and is 100",
        "platform_integration.review_publication_failed.v1: failure.reason: maxLength was 2000",
        "workflow_queue.job_failed.v1: failure.reason: maxLength was 2000",
        "workflow_queue.job_retry_scheduled.v1: failure.reason: maxLength was 2000",
    )


def test_a_breaking_change_cannot_hide_in_a_commit_of_a_branch(copy: Copy) -> None:
    copy.git("update-ref", "refs/remotes/origin/main", "HEAD")
    copy.edit(CREATED, "    name: str", "    name: int")
    (copy.root / SCHEMA).unlink()
    copy.commit()

    refused(copy, f"{TYPE}: name was 'string' and is 'integer'")


def test_an_edited_schema_cannot_hide_a_breaking_change(copy: Copy) -> None:
    copy.edit(CREATED, "    name: str", "    name: int")
    copy.edit(SCHEMA, '"type": "string"', '"type": "integer"')

    refused(copy, f"{TYPE}: name was 'string' and is 'integer'")


def test_an_optional_field_is_written_then_shown_by_another_sample(copy: Copy) -> None:
    copy.edit(CREATED, "    name: str", "    name: str\n    plan: str | None = None")
    refused(copy, f"{SCHEMA} is not the schema of OrganizationCreatedV1: run make contracts-write")

    assert copy.check("--write").returncode == 0
    refused(copy, f"{SAMPLES}: no complete sample sets OrganizationCreatedV1.plan")

    sample = json.loads((copy.root / SAMPLES / "complete.json").read_text())
    more = copy.root / SAMPLES / "complete-with-plan.json"
    more.write_text(json.dumps({**sample, "plan": "team"}))
    assert copy.check().returncode == 0
    assert "`plan`?" in (copy.root / "docs/events.md").read_text()


NEW = '''

class OrganizationRenamedV1(Event):
    """The tenant is called `name` from now on."""

    type: Literal["organization.organization_renamed.v1"] = "organization.organization_renamed.v1"
    name: str
'''


def test_a_new_message_needs_schema_and_samples_and_is_free_until_published(copy: Copy) -> None:
    copy.edit(CREATED, "    name: str\n", f"    name: str\n{NEW}")
    refused(
        copy,
        "organization.organization_renamed.v1.json does not exist: run make contracts-write",
        "organization.organization_renamed.v1 has no only-required.json",
    )

    assert copy.check("--write").returncode == 0
    copy.edit(CREATED, f"{NEW.rstrip()}\n", f"{NEW.rstrip().replace('name: str', 'title: str')}\n")
    assert copy.check("--write").returncode == 0


def test_a_schema_that_lost_its_unpublished_class_goes(copy: Copy) -> None:
    stray = copy.root / "contracts/organization/schemas/organization.dissolved.v1.json"
    stray.write_text("{}")

    refused(copy, "organization.dissolved.v1.json has no class")
    assert copy.check("--write").returncode == 0
    assert not stray.exists()


def test_a_published_version_is_removed_by_a_decision_only(copy: Copy) -> None:
    skipped = "workflow_queue.job_skipped.v1"
    events = "contracts/workflow-queue/src/workflow_queue_contracts/events.py"
    copy.edit(events, "class JobSkippedV1(JobEvent):", "class JobSkippedV1(Failure):")
    shutil.rmtree(copy.root / f"contracts/workflow-queue/samples/{skipped}")
    refused(copy, f"{skipped}.json has no class any more", "complete.json was removed")

    copy.decide_removal_of(skipped)
    assert copy.check("--write").returncode == 0
    assert copy.check().returncode == 0


def test_a_removal_is_no_licence_to_change_what_is_still_there(copy: Copy) -> None:
    copy.decide_removal_of(TYPE)

    refused(copy, f"{TYPE} is in removed.md, but OrganizationCreatedV1 is still there")


@pytest.mark.parametrize("name", ["complete.json", "only-required.json"])
def test_a_published_sample_is_never_edited(copy: Copy, name: str) -> None:
    copy.edit(f"{SAMPLES}/{name}", "Acme", "Ajax")

    refused(copy, f"{SAMPLES}/{name} was edited")


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("for-billing.json", {"name": None}, "is refused by its class: name: Input should be"),
        ("complete-2.json", {"nmae": "Acme"}, "is not as publishers write it: unknown fields"),
        ("complete-2.json", {"occurred_at": "2026-03-02 09:30Z"}, "values in another form"),
    ],
)
def test_a_sample_is_what_travels(
    copy: Copy, name: str, change: dict[str, str | None], reason: str
) -> None:
    sample = json.loads((copy.root / SAMPLES / "complete.json").read_text())
    (copy.root / SAMPLES / name).write_text(json.dumps({**sample, **change}))

    refused(copy, f"{SAMPLES}/{name} {reason}" if name.startswith("for") else reason)


def test_only_required_has_nothing_that_is_optional(copy: Copy) -> None:
    folder = copy.root / "contracts/code-review/samples/code_review.review_completed.v1"
    shutil.copy(folder / "complete.json", folder / "only-required.json")
    copy.commit()

    refused(
        copy,
        "only-required.json sets what is optional: Finding.replacement, ReviewCompletedV1.findings",
    )


def test_the_page_of_all_messages_is_up_to_date(copy: Copy) -> None:
    copy.edit("docs/events.md", "A new tenant", "A tenant")

    refused(copy, "docs/events.md is out of date: run make contracts-write")


def test_without_a_history_nothing_is_called_compatible(copy: Copy) -> None:
    shutil.rmtree(copy.root / ".git")

    refused(copy, "git rev-parse failed: fatal: not a git repository")

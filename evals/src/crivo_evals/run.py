"""All cases through the whole platform, as pull requests on the local code host."""

import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from crivo_local.client import Crivo
from crivo_local.platform import Platform
from crivo_local.stack import Stack
from crivo_local.workspace import Workspace
from rich.console import Console

from crivo_evals.cases import Case
from crivo_evals.outcomes import Comment, Json, Outcome, reader_of

CHECKOUT = Path(__file__).parents[3]
LOCAL = Path(os.environ.get("CRIVO_LOCAL_ROOT", CHECKOUT / ".local"))
OWNER = "evals"
ENDED = ("completed", "failed", "cancelled", "superseded", "skipped")
# A person who answers in place of a model needs an hour, and sees all cases at once.
DEADLINE_SECONDS = 7200
PATIENCE_SECONDS = DEADLINE_SECONDS + 600
AT_ONCE = 40
POLL_SECONDS = 1.0
OVERRIDES = {
    "CODE_REVIEW_PREFETCH": str(AT_ONCE),
    # Forty analyses share the processors.
    "CODE_REVIEW_ANALYZER_SECONDS": "600",
    "WORKFLOW_QUEUE_ANALYZE_DEADLINE_SECONDS": str(DEADLINE_SECONDS),
    "WORKFLOW_QUEUE_WINDOW": str(AT_ONCE),
    "WORKFLOW_QUEUE_ORGANIZATION_CONCURRENCY": str(AT_ONCE),
    "WORKFLOW_QUEUE_INTEGRATION_CONCURRENCY": str(AT_ONCE),
}


def run(console: Console, cases: Sequence[Case], *, keep: bool) -> list[Outcome]:
    """What has not ended when patience has is in there as it is: an hour's answers are not lost."""
    with _platform(console, keep=keep) as platform, Workspace(platform) as workspace:
        opened = {each.id: _open(workspace, each) for each in cases}
        where = f"http://127.0.0.1:{workspace.code_host_part.port}"
        console.print(f"opened {len(opened)} pull requests on {where}")
        jobs = _ended_jobs(console, workspace.crivo, opened)
        return [_outcome(workspace, name, opened[name], jobs.get(name)) for name in opened]


@contextmanager
def _platform(console: Console, *, keep: bool) -> Iterator[Platform]:
    # What an earlier run kept would answer with that run's settings.
    _remove(_made())
    platform = _made()
    try:
        with console.status("starting Crivo"):
            platform.up(lambda line: console.print(f"  {line}", style="dim"))
        yield platform
    finally:
        if not keep:
            _remove(platform)


def _made() -> Platform:
    return Platform(
        Stack(LOCAL),
        LOCAL / "evals" / "platform",
        checkout=CHECKOUT,
        prefix="evals_",
        overrides=OVERRIDES,
    )


def _remove(platform: Platform) -> None:
    if not platform.root.exists():
        return
    platform.stack.start()
    platform.code_host("").stop()
    platform.stop_processes()
    platform.remove_stores()
    shutil.rmtree(platform.root)


def _open(workspace: Workspace, case: Case) -> Json:
    repository = f"{OWNER}/{case.id}"
    host = workspace.host
    host.create_repository(repository)
    host.push(repository, "main", files=case.base, message="Begin")
    host.push(repository, "change", files=case.changes, start="main", message=case.title)
    workspace.connect(repository)
    return host.open_pull_request(
        repository, head="change", base="main", title=case.title, body=case.description
    )


def _ended_jobs(console: Console, crivo: Crivo, opened: Mapping[str, Json]) -> dict[str, Json]:
    """By case; also those that have not ended when patience has."""
    begun = time.monotonic()
    case_of = {each["html_url"]: case_id for case_id, each in opened.items()}
    told = -1
    while True:
        jobs = {case_of[job["pull_request_url"]]: job for job in crivo.jobs(limit=200)}
        ended = {case_id for case_id, job in jobs.items() if job["state"] in ENDED}
        seconds = time.monotonic() - begun
        if len(ended) != told:
            told = len(ended)
            console.print(f"  {told} of {len(opened)} ended, {seconds:.0f} s", style="dim")
        if told == len(opened) or seconds > PATIENCE_SECONDS:
            return jobs
        time.sleep(POLL_SECONDS)


def _outcome(workspace: Workspace, case_id: str, opened: Json, job: Json | None) -> Outcome:
    review = workspace.crivo.review(job["id"]) if job else None
    findings = review["findings"] if review else []
    placed = workspace.host.comments(opened["base"]["repo"]["full_name"], opened["number"])
    return Outcome(
        case_id=case_id,
        state=job["state"] if job else "without a job",
        review=review,
        comments=tuple(
            Comment(
                path=each.path,
                first=each.start_line,
                last=each.line,
                body=each.body,
                by=reader_of(each.path, each.line, each.body, findings),
            )
            for each in placed
        ),
    )

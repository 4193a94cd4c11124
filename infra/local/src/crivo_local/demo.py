"""`make demo`: one pull request through the whole platform, seen as its users see it."""

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from crivo_simulators import sample
from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from crivo_local import report, services
from crivo_local.client import Crivo, Json
from crivo_local.platform import Platform
from crivo_local.workspace import Workspace

REVIEW_SECONDS = 180
CHECK_SECONDS = 10
POLL_SECONDS = 0.05
BASE, HEAD = "main", "change"
ENDED = ("completed", "failed", "cancelled", "superseded", "skipped")


class DemoFailed(Exception):
    """The review is not on the pull request; the message says what is there instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What the pull request is to be: the branches `main` and `change` of which repository."""

    repository: str
    title: str
    branches: Mapping[str, Mapping[str, Any]]


def demo(
    console: Console, platform: Platform, *, repository: Path | None, revisions: str | None
) -> None:
    """Raise DemoFailed unless the review and its comments are really on the pull request."""
    change = _own_change(repository, revisions) if repository else _sample_change()
    begun = time.monotonic()
    _choose_model(console, platform, scripted=repository is None)
    with console.status("starting Crivo"):
        platform.up(lambda line: console.print(f"  {line}", style="dim"))
        workspace = Workspace(platform)
    console.print(f"Crivo is up ({time.monotonic() - begun:.1f} s): {platform.url}")
    with workspace:
        opened = _open_pull_request(workspace, change)
        console.print(f"pull request {opened['html_url']}  “{opened['title']}”", markup=False)
        job = _follow(console, workspace.crivo, opened)
        _show(console, workspace, job, opened)


def _choose_model(console: Console, platform: Platform, *, scripted: bool) -> None:
    """The one that the environment names; for the sample there are answers by rules without one."""
    said = services.model_settings()
    url, name = (said.get(f"{services.MODEL_SETTINGS}{each}") for each in ("URL", "NAME"))
    if bool(url) != bool(name):
        raise DemoFailed("a model needs both its address and its name: MODEL_URL=… MODEL=…")
    if name:
        console.print(f"the model is {name}", markup=False)
    elif scripted:
        platform.model_server().start()
        platform.model_server().wait()
        url = f"http://127.0.0.1:{platform.model_server().port}/v1"
        platform.override(
            CODE_REVIEW_MODEL_URL=url,
            CODE_REVIEW_MODEL_NAME=services.MODEL_NAME,
            CODE_REVIEW_MODEL_API_KEY=services.MODEL_KEY,
            # A script costs nothing, and says so.
            CODE_REVIEW_MODEL_PRICES=json.dumps({services.MODEL_NAME: {"input": 0, "output": 0}}),
        )
        console.print(
            "the model is a script that knows this sample;"
            " make demo MODEL_URL=… MODEL=… asks a real one (docs/models.md)"
        )


def _sample_change() -> Change:
    found = sample.load()
    return Change(
        repository="crivo/shop",
        title=found.title,
        branches={BASE: {"files": found.base}, HEAD: {"files": found.head, "start": BASE}},
    )


def _own_change(repository: Path, revisions: str | None) -> Change:
    base, _, head = (revisions or "").replace("...", "..").partition("..")
    if not base or not head:
        raise DemoFailed("RANGE names two revisions, as in REPO=/path/to/repo RANGE=main..topic")
    path = repository.resolve()
    name = "".join(c if c.isalnum() or c in "._-" else "-" for c in path.name) or "repository"
    return Change(
        repository=f"local/{name}",
        title=f"{base}..{head} of {name}",
        branches={
            BASE: {"git_path": str(path), "revision": _revision(path, base)},
            HEAD: {"git_path": str(path), "revision": _revision(path, head)},
        },
    )


def _revision(repository: Path, name: str) -> str:
    command = ["git", "-C", str(repository), "rev-parse", "--verify", "--end-of-options"]
    command.append(f"{name}^{{commit}}")
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode:
        raise DemoFailed(f"{repository}: {found.stderr.strip() or 'no such revision'}")
    return found.stdout.strip()


def _open_pull_request(workspace: Workspace, change: Change) -> Json:
    """On the same repository each time; the earlier run's pull request is closed for it."""
    host, name = workspace.host, change.repository
    host.create_repository(name)
    for each in host.open_pull_requests(name):
        host.close_pull_request(name, each["number"])
    for branch, what in change.branches.items():
        host.push(name, branch, message=change.title, **what)
    workspace.connect(name)
    return host.open_pull_request(name, head=HEAD, base=BASE, title=change.title)


def _follow(console: Console, crivo: Crivo, opened: Json) -> Json:
    """Show each state the job goes through, until it ends."""
    begun = time.monotonic()
    seen: str | None = None
    job: Json | None = None
    with Live(console=console, transient=True, refresh_per_second=10) as live:
        while time.monotonic() - begun < REVIEW_SECONDS:
            job = job and crivo.job(job["id"])
            job = job or _job_of(crivo, opened)
            said = _said(job)
            elapsed = f"{time.monotonic() - begun:5.1f} s"
            if said != seen:
                console.print(Text.assemble((f"  {elapsed}  ", "dim"), said))
                seen = said
            live.update(Spinner("dots", f" {elapsed}  {said}"))
            if job and job["state"] in ENDED:
                return job
            time.sleep(POLL_SECONDS)
    raise DemoFailed(f"no review after {REVIEW_SECONDS} s; the job: {_said(job)}; see make logs")


def _job_of(crivo: Crivo, opened: Json) -> Json | None:
    found = (job for job in crivo.jobs(limit=50) if job["head_sha"] == opened["head"]["sha"])
    return next((job for job in found if job["pull_request_url"] == opened["html_url"]), None)


def _said(job: Json | None) -> str:
    if job is None:
        return "webhook sent, waiting for its job"
    if job["state"] in ENDED:
        return f"{job['state']} {job['reason'] or ''}".rstrip()
    reason = f" ({job['reason']})" if job["reason"] else ""
    return f"{job['state']}: {job['step']}, attempt {max(1, job['attempt'])}{reason}"


def _show(console: Console, workspace: Workspace, job: Json, opened: Json) -> None:
    if job["state"] != "completed":
        raise DemoFailed(f"the job {job['id']} ended {job['state']}: {job['reason']}")
    crivo, host, platform = workspace.crivo, workspace.host, workspace.platform
    repository, number = opened["base"]["repo"]["full_name"], int(opened["number"])
    review = crivo.review(job["id"]) or {}
    comments, reviews = host.comments(repository, number), host.reviews(repository, number)
    report.print_comments(console, comments, review.get("findings", []))
    if len(reviews) != 1 or len(comments) != job["comments_published"]:
        raise DemoFailed(
            f"the job says {job['comments_published']} comments; on the pull request are"
            f" {len(comments)}, in {len(reviews)} reviews"
        )
    report.print_summary(console, str(reviews[0]["body"]))
    for check in _checks(workspace, repository, opened["head"]["sha"]):
        said = check["conclusion"] or check["status"]
        console.print(f"check {check['name']}: {said}, {check['output']['title']}", markup=False)
    _print_times(console, workspace, job, review, opened)
    console.print(
        f"\n{len(comments)} comments are on {opened['html_url']}\n"
        f"job      {platform.url}/v1/jobs/{job['id']}\n"
        f"review   {platform.url}/v1/reviews?job_id={job['id']}\n"
        f"broker   {platform.stack.urls().rabbitmq_management}\n"
        f"API key  in {platform.root / 'workspace.json'}, sent as Authorization: Bearer …\n"
        "go on    make status, make logs, make down",
        markup=False,
        soft_wrap=True,
    )


def _checks(workspace: Workspace, repository: str, sha: str) -> list[Json]:
    """The check follows the review by a moment."""
    begun = time.monotonic()
    while True:
        found = workspace.host.checks(repository, sha)
        done = found and all(each["status"] == "completed" for each in found)
        if done or time.monotonic() - begun > CHECK_SECONDS:
            return found
        time.sleep(POLL_SECONDS)


def _print_times(
    console: Console, workspace: Workspace, job: Json, review: Json, opened: Json
) -> None:
    """From the code host sending its webhook to its having the review, both by its own clock."""
    sent, posted = workspace.host.times_of(opened)
    rows, last = [], sent
    for each in workspace.crivo.history(job["id"]):
        at = datetime.fromisoformat(each["at"])
        event = " ".join(filter(None, (each["event"].replace("_", " "), each["step"])))
        rows.append((event, max(0.0, (at - last).total_seconds() * 1000)))
        last = at
    total = (posted - sent).total_seconds()
    report.print_timings(console, f"{total:.2f} s from webhook to last comment; until", rows)
    stages = [(each["stage"], float(each["milliseconds"])) for each in review.get("timings", [])]
    report.print_timings(console, "inside the analysis", stages)

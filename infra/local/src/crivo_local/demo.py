"""`make demo`: one pull request through the whole platform, seen as its users see it."""

import json
import secrets
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from crivo_simulators import sample
from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from crivo_local import report
from crivo_local.client import Crivo, Json, Refused
from crivo_local.code_host import CodeHost
from crivo_local.part import Part
from crivo_local.platform import Platform

REVIEW_SECONDS = 180
POLL_SECONDS = 0.1
EMAIL = "owner@demo.invalid"
ENDED = ("completed", "failed", "cancelled", "superseded", "skipped")


class DemoFailed(Exception):
    """The review is not on the pull request; the message says what is there instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What the pull request is to be: in which repository, from what to what."""

    repository: str
    title: str
    source: Mapping[str, Any]
    pushes: tuple[Mapping[str, Any], ...] = ()


def demo(
    console: Console, platform: Platform, *, repository: Path | None, revisions: str | None
) -> None:
    """Raise DemoFailed unless the comments are really on the pull request."""
    change = _own_change(repository, revisions) if repository else _sample_change()
    begun = time.monotonic()
    with console.status("starting Crivo"):
        platform.up(lambda line: console.print(f"  {line}", style="dim"))
        memory = _Memory(platform.root / "demo.json")
        host_part = platform.code_host(memory["code_host_token"])
        host_part.start()
        host_part.wait()
    console.print(f"Crivo is up ({time.monotonic() - begun:.1f} s): {platform.url}")
    host = CodeHost(f"http://127.0.0.1:{host_part.port}", memory["code_host_token"])
    with _signed_in(platform, memory) as crivo:
        opened = _open_pull_request(crivo, platform, host, host_part, memory, change)
        console.print(f"pull request {opened['html_url']}  “{opened['title']}”", markup=False)
        job = _follow(console, crivo, opened)
        _show(console, crivo, host, job, opened, platform)


class _Memory:
    """What a later run has to know: the key of our organization, and the code host's secrets."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._values: dict[str, str] = json.loads(file.read_text())
        except FileNotFoundError:
            self._values = {}
        for name in ("code_host_token", "webhook_secret", "password"):
            if name not in self._values:
                self[name] = secrets.token_urlsafe(24)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __setitem__(self, name: str, value: str) -> None:
        self._values[name] = value
        self._file.touch(mode=0o600)
        self._file.write_text(json.dumps(self._values, indent=2))

    def get(self, name: str) -> str | None:
        return self._values.get(name)


@contextmanager
def _signed_in(platform: Platform, memory: _Memory) -> Iterator[Crivo]:
    """With the API key of the demo's organization, which the first run bootstraps."""
    with Crivo(platform.url, memory.get("api_key")) as crivo:
        if not memory.get("api_key"):
            try:
                crivo.bootstrap(
                    token=platform.keys.bootstrap_token,
                    organization="Demo",
                    email=EMAIL,
                    password=memory["password"],
                )
            except Refused as problem:
                # An earlier run was stopped between this and its key.
                if problem.status != 409:
                    raise
            crivo.sign_in(email=EMAIL, password=memory["password"])
            memory["api_key"] = crivo.create_api_key("demo")
            crivo.sign_in_with(memory["api_key"])
        yield crivo


def _sample_change() -> Change:
    found = sample.load()
    return Change(
        repository="crivo/shop",
        title=found.title,
        source={"files": found.base, "default_branch": "main"},
        pushes=({"branch": "change", "files": found.head, "message": found.title},),
    )


def _own_change(repository: Path, revisions: str | None) -> Change:
    base, _, head = (revisions or "").replace("...", "..").partition("..")
    if not base or not head:
        raise DemoFailed(
            "RANGE names two revisions: make demo REPO=/path/to/repo RANGE=main..topic"
        )
    commits = {"base": _revision(repository, base), "head": _revision(repository, head)}
    name = "".join(c if c.isalnum() or c in "._-" else "-" for c in repository.resolve().name)
    return Change(
        repository=f"local/{name or 'repository'}",
        title=f"{base}..{head} of {name}",
        source={
            "git_path": str(repository.resolve()),
            "branches": {"main": commits["base"], "change": commits["head"]},
            "default_branch": "main",
        },
    )


def _revision(repository: Path, name: str) -> str:
    command = ["git", "-C", repository, "rev-parse", "--verify", "--end-of-options"]
    found = subprocess.run(
        [*command, f"{name}^{{commit}}"], capture_output=True, text=True, check=False
    )
    if found.returncode:
        raise DemoFailed(f"{repository}: {found.stderr.strip() or 'no such revision'}")
    return found.stdout.strip()


def _open_pull_request(
    crivo: Crivo,
    platform: Platform,
    host: CodeHost,
    host_part: Part,
    memory: _Memory,
    change: Change,
) -> Json:
    """On a repository made anew, so that no run leaves anything for the next."""
    name = f"{change.repository}-{secrets.token_hex(3)}"
    if earlier := memory.get("repository"):
        host.forget(earlier)
    host.control("repositories", {"full_name": name, **change.source})
    memory["repository"] = name
    for push in change.pushes:
        host.control("push", {"repository": name, "start": "main", **push})
    integration_id = _integration(crivo, f"http://127.0.0.1:{host_part.port}", memory)
    crivo.add_repository(integration_id=integration_id, full_name=name)
    hook = {"url": f"{platform.url}/webhooks/github", "secret": memory["webhook_secret"]}
    host.control("hooks", {"repository": name, **hook})
    request = {"repository": name, "head": "change", "base": "main", "title": change.title}
    return host.control("pull-requests", request)


def _integration(crivo: Crivo, api_url: str, memory: _Memory) -> str:
    for each in crivo.integrations():
        if each["api_url"] == api_url:
            return str(each["id"])
    made = crivo.connect(
        name="local code host",
        api_url=api_url,
        token=memory["code_host_token"],
        webhook_secret=memory["webhook_secret"],
    )
    return str(made["id"])


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


def _show(
    console: Console,
    crivo: Crivo,
    host: CodeHost,
    job: Json,
    opened: Json,
    platform: Platform,
) -> None:
    if job["state"] != "completed":
        raise DemoFailed(f"the job {job['id']} ended {job['state']}: {job['reason']}")
    repository, number = opened["base"]["repo"]["full_name"], int(opened["number"])
    review = crivo.review(job["id"]) or {}
    comments = host.comments(repository, number)
    findings = review.get("findings", [])
    report.print_comments(console, comments, findings)
    reviews = host.reviews(repository, number)
    if len(reviews) != 1 or len(comments) != job["comments_published"]:
        raise DemoFailed(
            f"the job says {job['comments_published']} comments; on the pull request are"
            f" {len(comments)}, in {len(reviews)} reviews"
        )
    report.print_summary(console, str(reviews[0]["body"]))
    for check in host.await_check(repository, opened["head"]["sha"]):
        said = check["conclusion"] or check["status"]
        console.print(f"check {check['name']}: {said}, {check['output']['title']}", markup=False)
    delivered = _delivered_at(crivo, job)
    _print_times(console, crivo, job, review, delivered)
    console.print(
        f"\n{len(comments)} comments are on {opened['html_url']}\n"
        f"job      {platform.url}/v1/jobs/{job['id']}\n"
        f"review   {platform.url}/v1/reviews?job_id={job['id']}\n"
        f"broker   {platform.stack.urls().rabbitmq_management}\n"
        f"API key  in {platform.root / 'demo.json'}, as Authorization: Bearer …\n"
        "go on    make status, make logs, make down",
        markup=False,
        soft_wrap=True,
    )


def _delivered_at(crivo: Crivo, job: Json) -> datetime:
    """When the webhook that asked for the job was stored."""
    return _time(job["created_at"])


def _print_times(
    console: Console, crivo: Crivo, job: Json, review: Json, delivered: datetime
) -> None:
    steps = [(each["event"], _time(each["at"])) for each in crivo.history(job["id"])]
    rows, last = [], delivered
    for event, at in steps:
        rows.append((f"until {event}", max(0.0, (at - last).total_seconds() * 1000)))
        last = at
    total = (last - delivered).total_seconds()
    report.print_timings(console, f"webhook to published review: {total:.2f} s", rows)
    stages = [(each["stage"], float(each["milliseconds"])) for each in review.get("timings", [])]
    report.print_timings(console, "inside the analysis", stages)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)

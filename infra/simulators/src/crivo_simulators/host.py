"""What people and programs do on the code host."""

import re
import time
from pathlib import Path
from typing import Any, TypeAlias

from crivo_simulators import answers
from crivo_simulators.catalogue import Catalogue, now
from crivo_simulators.diff_lines import lines_of
from crivo_simulators.git import GitFailed
from crivo_simulators.refusals import (
    Refused,
    check_check_run,
    check_review,
    not_found,
    unprocessable,
    validation_failed,
)
from crivo_simulators.webhooks import Webhooks

Json: TypeAlias = dict[str, Any]
STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


class CodeHost:
    def __init__(self, catalogue: Catalogue, webhooks: Webhooks, url: str) -> None:
        self.catalogue = catalogue
        self.webhooks = webhooks
        self.url = url

    async def create_repository(self, full_name: str, default_branch: str = "main") -> Json:
        """An empty one; one that is there already stays as it is."""
        if not self.catalogue.has(full_name):
            self.catalogue.add_repository(full_name, default_branch)
            await self.catalogue.git(full_name).create(default_branch)
            self.catalogue.keep()
        return answers.repository(self.catalogue.repository(full_name), self.url)

    async def push(
        self,
        full_name: str,
        branch: str,
        *,
        files: dict[str, str | None] | None = None,
        start: str | None = None,
        message: str = "change",
        git_path: str | None = None,
        revision: str = "HEAD",
    ) -> Json:
        """Move a branch, and tell of the pull requests it is the head of.

        With `files` by one commit on it, or anew on the branch `start`; with `git_path` to a
        revision of a repository on this machine.
        """
        git = self.catalogue.git(full_name)
        before = await git.tip(branch)
        parent = await git.tip(start) if start else before
        if start and parent is None:
            raise not_found()
        try:
            if git_path is not None:
                after = await git.fetch(Path(git_path), revision, branch)
            else:
                after = await git.commit(
                    branch, files or {}, message=message, parent=parent, second=int(time.time())
                )
        except GitFailed as problem:
            raise unprocessable(str(problem)) from problem
        for pull in self.catalogue.open_pulls(full_name, branch):
            pull |= {"head_sha": after, "updated_at": now(), "commits": [*pull["commits"], after]}
            # The new head may have taken in what happened on its base since.
            pull["base_sha"] = await git.tip(pull["base"]) or pull["base_sha"]
            await self._tell(full_name, pull, "synchronize", before=before, after=after)
        self.catalogue.keep()
        return {"before": before, "after": after}

    async def open_pull_request(
        self,
        full_name: str,
        *,
        head: str,
        base: str,
        title: str,
        body: str | None = None,
        draft: bool = False,
        author: str = "ana",
    ) -> Json:
        known, git = self.catalogue.repository(full_name), self.catalogue.git(full_name)
        head_sha, base_sha = await git.tip(head), await git.tip(base)
        for field, sha in (("head", head_sha), ("base", base_sha)):
            if sha is None:
                raise validation_failed("PullRequest", field, "invalid")
        if head_sha == base_sha:
            said = f"No commits between {base} and {head}"
            raise validation_failed("PullRequest", "head", "custom", said)
        if any(each["base"] == base for each in self.catalogue.open_pulls(full_name, head)):
            said = f"A pull request already exists for {head}."
            raise validation_failed("PullRequest", "head", "custom", said)
        pull: Json = {
            "id": self.catalogue.new_id(),
            "number": len(known["pulls"]) + 1,
            "state": "open",
            "title": title,
            "body": body,
            "author": author,
            "draft": draft,
            "head": head,
            "head_sha": head_sha,
            "base": base,
            "base_sha": base_sha,
            "commits": [head_sha],
            "reviews": [],
            "comments": [],
            "created_at": now(),
            "updated_at": now(),
            "closed_at": None,
        }
        known["pulls"][str(pull["number"])] = pull
        await self._tell(full_name, pull, "opened")
        self.catalogue.keep()
        return answers.pull_request(pull, known, self.url)

    async def change_pull_request(self, full_name: str, number: int, action: str) -> Json:
        """`action` is closed, reopened or ready_for_review."""
        pull = self.catalogue.pull(full_name, number)
        changes: dict[str, Json] = {
            "closed": {"state": "closed", "closed_at": now()},
            "reopened": {"state": "open", "closed_at": None},
            "ready_for_review": {"draft": False},
        }
        pull |= {**changes[action], "updated_at": now()}
        await self._tell(full_name, pull, action)
        self.catalogue.keep()
        return answers.pull_request(pull, self.catalogue.repository(full_name), self.url)

    async def add_hook(
        self, full_name: str, *, url: str, secret: str, events: list[str] | None = None
    ) -> Json:
        known = self.catalogue.repository(full_name)
        hook = {
            "id": self.catalogue.new_id(),
            "url": url,
            "secret": secret,
            "events": events or ["pull_request"],
        }
        known["hooks"].append(hook)
        payload = {
            "zen": "Keep it logically awesome.",
            "hook_id": hook["id"],
            "hook": shown_hook(hook),
            "repository": answers.repository(known, self.url),
        }
        await self.webhooks.ping(hook, full_name, payload)
        self.catalogue.keep()
        return shown_hook(hook)

    async def create_review(self, full_name: str, number: int, body: Json) -> Json:
        """All of its comments or nothing; raise Refused 422."""
        pull = self.catalogue.pull(full_name, number)
        commit = body.get("commit_id") or pull["head_sha"]
        if commit in pull["commits"]:
            diff = await self.catalogue.git(full_name).diff(pull["base_sha"], commit)
        else:
            diff = ""
        pending = any(each["state"] == "PENDING" for each in pull["reviews"])
        check_review(body, lines_of(diff), set(pull["commits"]), pending=pending)
        made = {
            "id": self.catalogue.new_id(),
            "body": body.get("body") or "",
            "state": STATES.get(body.get("event") or "", "PENDING"),
            "commit_id": commit,
            "submitted_at": now(),
        }
        pull["reviews"].append(made)
        for comment in body.get("comments") or []:
            pull["comments"].append(self._comment(comment, made, commit))
        self.catalogue.keep()
        return answers.review(made, pull, self.catalogue.repository(full_name), self.url)

    def _comment(self, comment: Json, review: Json, commit: str) -> Json:
        return {
            "id": self.catalogue.new_id(),
            "pull_request_review_id": review["id"],
            "path": comment["path"],
            "line": comment["line"],
            "side": comment.get("side") or "RIGHT",
            "start_line": comment.get("start_line"),
            "start_side": comment.get("start_side"),
            "body": comment["body"],
            "commit_id": commit,
            "user": answers.user("crivo-bot"),
            "created_at": review["submitted_at"],
        }

    async def create_check_run(self, full_name: str, body: Json) -> Json:
        check_check_run(body, new=True)
        known, sha = self.catalogue.repository(full_name), str(body["head_sha"])
        named = re.fullmatch("[0-9a-f]{40}", sha)
        if not named or await self.catalogue.git(full_name).commit_of(sha) is None:
            raise Refused(422, f"No commit found for SHA: {sha}")
        made = {
            "id": self.catalogue.new_id(),
            "name": body["name"],
            "head_sha": sha,
            "status": "queued",
            "conclusion": None,
            "external_id": "",
            "output": {},
            "started_at": now(),
        }
        known["check_runs"].append(made)
        return self._apply(known, made, body)

    async def update_check_run(self, full_name: str, check_id: int, body: Json) -> Json:
        check_check_run(body, new=False)
        known = self.catalogue.repository(full_name)
        made = next((each for each in known["check_runs"] if each["id"] == check_id), None)
        if made is None:
            raise not_found()
        return self._apply(known, made, body)

    def _apply(self, known: Json, made: Json, body: Json) -> Json:
        for field in ("name", "status", "conclusion", "external_id", "output"):
            if field in body:
                made[field] = body[field]
        if made["conclusion"]:
            # A conclusion completes the run.
            made["status"] = "completed"
        if made["status"] != "completed":
            made["conclusion"] = None
        self.catalogue.keep()
        return answers.check_run(made, known, self.url)

    async def _tell(self, full_name: str, pull: Json, action: str, **more: Any) -> None:
        known = self.catalogue.repository(full_name)
        payload = answers.pull_request_event(action, pull, known, self.url, **more)
        await self.webhooks.send(full_name, "pull_request", payload)


def shown_hook(hook: Json) -> Json:
    return {
        "id": hook["id"],
        "name": "web",
        "active": True,
        "events": hook["events"],
        "config": {"url": hook["url"], "content_type": "json", "secret": "********"},
    }

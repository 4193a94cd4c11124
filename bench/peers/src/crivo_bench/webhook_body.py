"""A pull request's webhook as GitHub sends it: 20 KB, most of it addresses nobody reads."""

import hashlib
import hmac
import json
from typing import Any

from crivo_local.client import Json

BYTES = 20_000
_LINKS = (
    "archive_url", "assignees_url", "blobs_url", "branches_url", "collaborators_url",
    "comments_url", "commits_url", "compare_url", "contents_url", "contributors_url",
    "deployments_url", "downloads_url", "events_url", "forks_url", "git_commits_url",
    "git_refs_url", "git_tags_url", "hooks_url", "issue_comment_url", "issue_events_url",
    "issues_url", "keys_url", "labels_url", "languages_url", "merges_url", "milestones_url",
    "notifications_url", "pulls_url", "releases_url", "stargazers_url", "statuses_url",
    "subscribers_url", "subscription_url", "tags_url", "teams_url", "trees_url",
)  # fmt: skip


def webhook_body(repository: Json, *, action: str, number: int) -> bytes:
    """`repository` has the id and the full name that the platform knows."""
    shown = _repository(repository)
    branch: dict[str, Any] = {"label": "team:change", "user": _user("team"), "repo": shown}
    address = f"https://code.example/{repository['full_name']}/pull/{number}"
    pull_request = {
        "id": 1,
        "html_url": address,
        "state": "open",
        "title": "Round discounts to the cent",
        "user": _user("ada"),
        "body": "",
        "updated_at": "2026-11-20T12:00:00Z",
        "head": {**branch, "ref": "change", "sha": "6" * 40},
        "base": {**branch, "ref": "main", "sha": "7" * 40},
        "draft": False,
        "merged": False,
    }
    event = {
        "action": action,
        "number": number,
        "pull_request": pull_request,
        "repository": shown,
        "sender": _user("ada"),
    }
    short = len(json.dumps(event))
    # The description is what differs in length between pull requests.
    pull_request["body"] = ("Why: sums were off by one. " * 1000)[: max(0, BYTES - short)]
    return json.dumps(event).encode()


def signature(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _repository(repository: Json) -> Json:
    api = f"https://api.code.example/repos/{repository['full_name']}"
    return {
        "id": repository["id"],
        "full_name": repository["full_name"],
        "owner": _user("team"),
        **{name: f"{api}/{name.removesuffix('_url')}{{/rest}}" for name in _LINKS},
        "size": 12_345,
        "default_branch": "main",
        "topics": ["shop", "billing"],
        "private": False,
    }


def _user(login: str) -> Json:
    api = f"https://api.code.example/users/{login}"
    links = ("followers", "following", "gists", "starred", "orgs", "repos", "events")
    return {"login": login, "id": 7, "type": "User", **{f"{e}_url": f"{api}/{e}" for e in links}}

"""The shapes of GitHub's answers and payloads.

https://docs.github.com/en/rest and https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

import base64
import hashlib
from typing import Any, TypeAlias

MOST_INLINE_BYTES = 1024 * 1024
Json: TypeAlias = dict[str, Any]


def user(login: str) -> Json:
    return {"login": login, "id": 1 + sum(login.encode()), "type": "User", "site_admin": False}


def repository(known: Json, url: str) -> Json:
    owner, _, name = known["full_name"].partition("/")
    return {
        "id": known["id"],
        "name": name,
        "full_name": known["full_name"],
        "private": True,
        "owner": user(owner),
        "html_url": f"{url}/{known['full_name']}",
        "url": f"{url}/repos/{known['full_name']}",
        "default_branch": known["default_branch"],
    }


def pull_request(pull: Json, known: Json, url: str) -> Json:
    of = repository(known, url)
    html_url = f"{of['html_url']}/pull/{pull['number']}"

    def side(branch: str, sha: str) -> Json:
        label = f"{of['owner']['login']}:{branch}"
        return {"label": label, "ref": branch, "sha": sha, "user": of["owner"], "repo": of}

    return {
        "id": pull["id"],
        "number": pull["number"],
        "state": pull["state"],
        "title": pull["title"],
        "body": pull["body"],
        "user": user(pull["author"]),
        "draft": pull["draft"],
        "merged": False,
        "html_url": html_url,
        "diff_url": f"{html_url}.diff",
        "url": f"{of['url']}/pulls/{pull['number']}",
        "head": side(pull["head"], pull["head_sha"]),
        "base": side(pull["base"], pull["base_sha"]),
        "created_at": pull["created_at"],
        "updated_at": pull["updated_at"],
        "closed_at": pull["closed_at"],
        "merged_at": None,
    }


def review(made: Json, pull: Json, known: Json, url: str) -> Json:
    html_url = f"{url}/{known['full_name']}/pull/{pull['number']}"
    return {
        "id": made["id"],
        "user": user("crivo-bot"),
        "body": made["body"],
        "state": made["state"],
        "commit_id": made["commit_id"],
        "html_url": f"{html_url}#pullrequestreview-{made['id']}",
        "pull_request_url": f"{url}/repos/{known['full_name']}/pulls/{pull['number']}",
        # Nobody has submitted what is pending.
        **({} if made["state"] == "PENDING" else {"submitted_at": made["submitted_at"]}),
    }


def content(path: str, content: bytes) -> Json:
    """A file of more than a megabyte comes without its content; the raw media type has it."""
    small = len(content) <= MOST_INLINE_BYTES
    blob = b"blob %d\0%b" % (len(content), content)
    return {
        "type": "file",
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": hashlib.sha1(blob, usedforsecurity=False).hexdigest(),
        "size": len(content),
        "encoding": "base64" if small else "none",
        "content": base64.encodebytes(content).decode() if small else "",
    }


def check_run(made: Json, known: Json, url: str) -> Json:
    return {
        **made,
        "html_url": f"{url}/{known['full_name']}/runs/{made['id']}",
        "url": f"{url}/repos/{known['full_name']}/check-runs/{made['id']}",
    }


def pull_request_event(action: str, pull: Json, known: Json, url: str, **more: Any) -> Json:
    return {
        "action": action,
        "number": pull["number"],
        "pull_request": pull_request(pull, known, url),
        "repository": repository(known, url),
        "sender": user(pull["author"]),
        **more,
    }

"""Comments to test with, as GitHub tells of them, and the commands they become."""

import json
from typing import Any

from platform_integration.application.ports import HostPullRequest, ResolveCommand
from platform_integration.domain.comment_command import CommentCommand
from platform_integration.domain.integration import Repository
from platform_integration_support.builders import BASE, HEAD, HOST_REPOSITORY, NOON
from uuid_utils.compat import uuid7


def a_comment_payload(
    text: str | None = "@crivo review",
    *,
    action: str = "created",
    association: str = "MEMBER",
    user: dict[str, str] | None = None,
    state: str = "open",
    on_pull_request: bool = True,
) -> bytes:
    issue: dict[str, Any] = {"number": 7, "state": state, "title": "Add checkout"}
    if on_pull_request:
        issue["pull_request"] = {"url": "http://host/repos/acme/orders/pulls/7"}
    author = {"login": "ana", "type": "User"} if user is None else user or None
    payload = {
        "action": action,
        "issue": issue,
        "comment": {"body": text, "user": author, "author_association": association},
        "repository": {"id": HOST_REPOSITORY, "full_name": "acme/orders"},
    }
    return json.dumps(payload).encode()


def a_shown_pull_request(**changes: Any) -> HostPullRequest:
    fields: dict[str, Any] = {
        "title": "Add checkout",
        "description": "Orders can be paid.",
        "author": "mona",
        "url": "http://host/acme/orders/pull/7",
        "base_ref": "main",
        "base_sha": BASE,
        "head_ref": "checkout",
        "head_sha": HEAD,
        "draft": False,
        "closed": False,
        "updated_at": NOON,
    }
    return HostPullRequest(**{**fields, **changes})


def a_command(repository: Repository, **changes: Any) -> ResolveCommand:
    fields: dict[str, Any] = {
        "message_id": uuid7(),
        "organization_id": repository.organization_id,
        "repository_id": repository.id,
        "pull_request_number": 7,
        "command": CommentCommand.REVIEW,
        "commanded_by": "ana",
        "delivery_id": "d-1",
        "attempt": 1,
    }
    return ResolveCommand(**{**fields, **changes})

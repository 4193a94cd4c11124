"""Reads GitHub's webhook payloads: only the fields we need, decoded by type.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request
"""

from datetime import datetime

import msgspec

from platform_integration.application.receive_webhook import Ignored
from platform_integration.domain.webhook import InvalidDelivery, PullRequestNotice, Trigger

_TRIGGERS: dict[str, Trigger] = {
    "opened": "opened",
    "synchronize": "updated",
    "reopened": "reopened",
    "ready_for_review": "ready_for_review",
    "closed": "closed",
}


class _User(msgspec.Struct):
    login: str


class _Branch(msgspec.Struct):
    ref: str
    sha: str


class _PullRequest(msgspec.Struct):
    title: str
    html_url: str
    head: _Branch
    base: _Branch
    updated_at: datetime
    # A deleted account leaves null behind.
    user: _User | None = None
    draft: bool = False
    merged: bool | None = None


class _Repository(msgspec.Struct):
    id: int
    full_name: str


class _PullRequestEvent(msgspec.Struct):
    action: str
    number: int
    pull_request: _PullRequest
    repository: _Repository


class _AnyEvent(msgspec.Struct):
    action: str | None = None


_any = msgspec.json.Decoder(_AnyEvent)
_pull_request = msgspec.json.Decoder(_PullRequestEvent)


def read_notice(event: str, body: bytes) -> PullRequestNotice | Ignored:
    """What the delivery says, or why it means nothing to us; raise InvalidDelivery."""
    try:
        action = _any.decode(body).action
        if event != "pull_request":
            return Ignored(f"event {event} is not reviewed", action)
        if action not in _TRIGGERS:
            return Ignored(f"action {action} of a pull request is not reviewed", action)
        said = _pull_request.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InvalidDelivery(f"the body is not a {event} payload: {problem}") from problem
    pull_request = said.pull_request
    return PullRequestNotice(
        trigger=_TRIGGERS[said.action],
        repository_host_id=said.repository.id,
        repository_full_name=said.repository.full_name,
        number=said.number,
        title=pull_request.title,
        author=pull_request.user.login if pull_request.user else "ghost",
        url=pull_request.html_url,
        base_ref=pull_request.base.ref,
        base_sha=pull_request.base.sha,
        head_ref=pull_request.head.ref,
        head_sha=pull_request.head.sha,
        draft=pull_request.draft,
        merged=bool(pull_request.merged),
        updated_at=pull_request.updated_at,
    )

"""Reads GitHub's webhook payloads: only the fields we need, decoded by type.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request
"""

from datetime import datetime

import msgspec

from platform_integration.application.ports import HostAway, HostPullRequest
from platform_integration.application.receive_webhook import Ignored
from platform_integration.domain.webhook import InvalidDelivery, Notice, PullRequestNotice, Trigger
from platform_integration.infrastructure import github_text
from platform_integration.infrastructure.github_comments import read_command
from platform_integration.infrastructure.github_text import Name

_TRIGGERS: dict[str, Trigger] = {
    "opened": "opened",
    "synchronize": "updated",
    "reopened": "reopened",
    "ready_for_review": "ready_for_review",
    "closed": "closed",
}


class _User(msgspec.Struct):
    login: Name


class _Branch(msgspec.Struct):
    ref: Name
    sha: Name


class _PullRequest(msgspec.Struct):
    title: str
    html_url: Name
    head: _Branch
    base: _Branch
    updated_at: datetime
    body: str | None = None
    # A deleted account leaves null behind.
    user: _User | None = None
    draft: bool = False
    merged: bool | None = None
    state: str = "open"


class _Repository(msgspec.Struct):
    id: int
    full_name: Name


class _PullRequestEvent(msgspec.Struct):
    action: str
    number: int
    pull_request: _PullRequest
    repository: _Repository


class _AnyEvent(msgspec.Struct):
    action: Name | None = None


_shown = msgspec.json.Decoder(_PullRequest)
_any = msgspec.json.Decoder(_AnyEvent)
_pull_request = msgspec.json.Decoder(_PullRequestEvent)


def read_notice(event: str, body: bytes) -> Notice | Ignored:
    """What the delivery says, or why it means nothing to us; raise InvalidDelivery."""
    try:
        action = _any.decode(body).action
        if event == "issue_comment":
            return read_command(body)
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
        title=github_text.title(pull_request.title),
        description=github_text.description(pull_request.body),
        author=_author(pull_request),
        url=pull_request.html_url,
        base_ref=pull_request.base.ref,
        base_sha=pull_request.base.sha,
        head_ref=pull_request.head.ref,
        head_sha=pull_request.head.sha,
        draft=pull_request.draft,
        merged=bool(pull_request.merged),
        updated_at=pull_request.updated_at,
    )


def read_pull_request(body: bytes) -> HostPullRequest:
    """The answer of the API, which is shaped as the payloads are; raise HostAway."""
    try:
        shown = _shown.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise HostAway(f"the code host sent a pull request that is none: {problem}") from problem
    return HostPullRequest(
        title=github_text.title(shown.title),
        description=github_text.description(shown.body),
        author=_author(shown),
        url=shown.html_url,
        base_ref=shown.base.ref,
        base_sha=shown.base.sha,
        head_ref=shown.head.ref,
        head_sha=shown.head.sha,
        draft=shown.draft,
        closed=shown.state != "open",
        updated_at=shown.updated_at,
    )


def _author(shown: _PullRequest) -> str:
    return shown.user.login if shown.user else "ghost"

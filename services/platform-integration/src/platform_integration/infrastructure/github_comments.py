"""Reads GitHub's comments for commands: only the fields we need, decoded by type.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#issue_comment
"""

import msgspec

from platform_integration.application.receive_webhook import Ignored
from platform_integration.domain.comment_command import OWN_MARKER, TRUSTED, command_in
from platform_integration.domain.webhook import CommandNotice
from platform_integration.infrastructure.github_text import Name

_BOT = "Bot"


class _User(msgspec.Struct):
    login: Name
    type: str = "User"


class _Comment(msgspec.Struct):
    author_association: str = "NONE"
    body: str | None = None
    # A deleted account leaves null behind.
    user: _User | None = None


class _Link(msgspec.Struct):
    """Where an issue is also a pull request."""


class _Issue(msgspec.Struct):
    number: int
    state: str
    pull_request: _Link | None = None


class _Repository(msgspec.Struct):
    id: int
    full_name: Name


class _CommentEvent(msgspec.Struct):
    action: str
    issue: _Issue
    comment: _Comment
    repository: _Repository


_decoder = msgspec.json.Decoder(_CommentEvent)


def read_command(body: bytes) -> CommandNotice | Ignored:
    """What the comment asks for, or why nothing follows from it; raise DecodeError."""
    said = _decoder.decode(body)
    author = said.comment.user
    if said.action != "created":
        return Ignored(f"action {said.action} of a comment is not reviewed", said.action)
    if said.issue.pull_request is None:
        return Ignored("the comment is on an issue", said.action)
    text = said.comment.body or ""
    command = command_in(text)
    if command is None:
        return Ignored("the comment asks nothing of us", said.action)
    if author is None or author.type == _BOT or OWN_MARKER in text:
        return Ignored("a person has to ask", said.action)
    if said.comment.author_association not in TRUSTED:
        return Ignored(f"{author.login} may not ask: no access to write", said.action)
    if said.issue.state != "open":
        return Ignored("the pull request is closed", said.action)
    return CommandNotice(
        command=command,
        commanded_by=author.login,
        repository_host_id=said.repository.id,
        repository_full_name=said.repository.full_name,
        number=said.issue.number,
    )

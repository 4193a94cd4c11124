"""Things to test with."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from platform_integration.application.publish_review import PublishReview
from platform_integration.application.receive_webhook import ReceiveWebhook
from platform_integration.domain.change_set import ChangedFile, ChangeSet, ChangeSetId
from platform_integration.domain.check_run import CheckRun, CheckState
from platform_integration.domain.integration import Integration, Repository, Secrets
from platform_integration.domain.review import Comment, Review
from uuid_utils.compat import uuid7

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ORGANIZATION = UUID("019a0000-0000-7000-8000-000000000001")
SECRET = "a-webhook-secret-of-ours"
HOST_REPOSITORY = 4711
BASE, HEAD = "b" * 40, "a" * 40


def an_integration(**changes: Any) -> Integration:
    fields: dict[str, Any] = {
        "id": uuid7(),
        "organization_id": ORGANIZATION,
        "platform": "github",
        "name": "code host",
        "api_url": "http://host",
        "secrets": Secrets(token="t0ken", webhook_secret=SECRET),
        "created_at": NOON,
    }
    return Integration(**{**fields, **changes})


def a_repository(integration: Integration, **changes: Any) -> Repository:
    fields: dict[str, Any] = {
        "id": uuid7(),
        "organization_id": integration.organization_id,
        "integration_id": integration.id,
        "full_name": "acme/orders",
        "host_id": HOST_REPOSITORY,
        "created_at": NOON,
    }
    return Repository(**{**fields, **changes})


def a_payload(
    action: str = "opened",
    *,
    title: str = "Add checkout",
    body: str | None = "Orders can be paid.",
    **changes: Any,
) -> bytes:
    payload = {
        "action": action,
        "number": 7,
        "pull_request": {
            "title": title,
            "body": body,
            "html_url": "http://host/acme/orders/pull/7",
            "user": {"login": "mona"},
            "draft": False,
            "merged": False,
            "updated_at": "2026-11-24T11:59:00Z",
            "head": {"ref": "checkout", "sha": HEAD},
            "base": {"ref": "main", "sha": BASE},
        },
        "repository": {"id": HOST_REPOSITORY, "full_name": "acme/orders"},
    }
    return json.dumps({**payload, **changes}).encode()


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def a_webhook(body: bytes | None = None, **headers: str) -> ReceiveWebhook:
    """Signed and complete, unless a header says otherwise; `_` stands for `-` in names."""
    body = a_payload() if body is None else body
    complete = {
        "x-hub-signature-256": signature(body),
        "x-github-delivery": "d-1",
        "x-github-event": "pull_request",
    }
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return ReceiveWebhook(body=body, headers={**complete, **given})


def a_change_set(*files: ChangedFile, **changes: Any) -> ChangeSet:
    fields: dict[str, Any] = {
        "id": ChangeSetId(
            repository_id=UUID("019a0000-0000-7000-8000-0000000000aa"),
            number=7,
            base_sha=BASE,
            head_sha=HEAD,
        ),
        "repository_full_name": "acme/orders",
        "diff": "",
        "files": files,
    }
    return ChangeSet(**{**fields, **changes})


def a_check(**changes: Any) -> CheckRun:
    fields: dict[str, Any] = {
        "organization_id": ORGANIZATION,
        "repository_id": UUID("019a0000-0000-7000-8000-0000000000aa"),
        "head_sha": HEAD,
        "state": CheckState(status="in_progress", title="Reviewing", summary="under way"),
        "said_by": uuid7(),
        "sequence": 1,
    }
    return CheckRun(**{**fields, **changes})


def a_comment(line: int = 3, **changes: Any) -> Comment:
    fields: dict[str, Any] = {
        "path": "app.py",
        "start_line": line,
        "end_line": line,
        "severity": "high",
        "category": "bug",
        "title": "Mutable default",
        "explanation": "It is shared between calls.",
        "source": "ruff:B006",
        "fingerprint": f"f{line}",
    }
    return Comment(**{**fields, **changes})


def a_review(*comments: Comment, **changes: Any) -> Review:
    fields: dict[str, Any] = {
        "review_id": UUID("019a0000-0000-7000-8000-00000000000f"),
        "head_sha": HEAD,
        "outcome": "complete",
        "summary": "Two analyzers ran.",
        "comments": comments,
        "summary_comments": (),
        "missing_stages": (),
    }
    return Review(**{**fields, **changes})


def a_publication(repository: Repository, review: Review, **changes: Any) -> PublishReview:
    fields: dict[str, Any] = {
        "claimed_by": uuid7(),
        "sequence": 5,
        "organization_id": repository.organization_id,
        "job_id": uuid7(),
        "attempt": 1,
        "repository_id": repository.id,
        "pull_request_number": 7,
        "review": review,
    }
    return PublishReview(**{**fields, **changes})

"""Dead letters over HTTP, for the owners and admins of an organization.

Dead letters without an organization could belong to any, so only owners see them.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from crivo_messaging.dead_letter_service import (
    DeadLetterChanged,
    DeadLetterFilter,
    DeadLetterNotFound,
    DeadLetterRecord,
    DeadLetterScope,
    DeadLetterService,
    NotOpen,
    NotReplayable,
    Position,
    State,
)
from crivo_messaging.publisher import BrokerUnavailable, Unroutable
from crivo_web.guards import organization_of
from crivo_web.identity import Identity
from crivo_web.pages import DEFAULT_LIMIT, MAXIMUM_LIMIT, Page, decode_cursor, encode_cursor
from crivo_web.problems import InvalidCursor
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.exceptions import PermissionDeniedException
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK
from pydantic import BaseModel, ConfigDict, Field

from crivo_dead_letters.redaction import redacted, redacted_body, redacted_text

MAXIMUM_REPLAYS = 1000
NO_NUL = r"^[^\x00]+$"

STATUS_OF: dict[type[Exception], int] = {
    DeadLetterNotFound: 404,
    DeadLetterChanged: 409,
    NotOpen: 409,
    NotReplayable: 409,
    Unroutable: 409,
    BrokerUnavailable: 503,
}

Name = Annotated[str, Field(max_length=300, pattern=NO_NUL)]


class ActionView(BaseModel):
    action: str
    by: str
    at: datetime
    note: str | None


class DeadLetterSummary(BaseModel):
    """`times` counts how often it was dead-lettered; `dead_at` is the last time."""

    id: UUID
    organization_id: UUID | None
    message_id: str | None
    type: str
    queue: str
    reason: str
    error: str | None
    times: int
    dead_at: datetime
    state: State

    @classmethod
    def of(cls, record: DeadLetterRecord) -> Self:
        return cls(**_summary(record))


class DeadLetterView(DeadLetterSummary):
    """With headers and body, secrets redacted, and the actions taken."""

    headers: dict[str, Any]
    body: Any
    actions: list[ActionView]

    @classmethod
    def of(cls, record: DeadLetterRecord) -> Self:
        return cls(
            **_summary(record),
            headers=redacted(record.dead_letter.headers),
            body=redacted_body(record.dead_letter.body),
            actions=[
                ActionView(action=each.action, by=each.by, at=each.at, note=each.note)
                for each in record.actions
            ],
        )


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReplayRequest(_Body):
    """The oldest `limit` dead letters that match."""

    queue: Name | None = None
    type: Name | None = None
    state: Literal["open", "discarded"] = "open"
    limit: Annotated[int, Field(ge=1, le=MAXIMUM_REPLAYS)] = DEFAULT_LIMIT


class Replayed(BaseModel):
    replayed: int


class DiscardRequest(_Body):
    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=NO_NUL)]


class DeadLetterController(Controller):
    path = "/v1/dead-letters"
    tags = ("dead letters",)

    @get()
    async def list_dead_letters(
        self,
        dead_letters: NamedDependency[DeadLetterService],
        identity: NamedDependency[Identity],
        dead_letter_state: Annotated[State | None, QueryParameter(name="state")] = None,
        queue: Annotated[str | None, QueryParameter(max_length=300, pattern=NO_NUL)] = None,
        message_type: Annotated[
            str | None, QueryParameter(name="type", max_length=300, pattern=NO_NUL)
        ] = None,
        cursor: FromQuery[str | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=MAXIMUM_LIMIT)] = DEFAULT_LIMIT,
    ) -> Page[DeadLetterSummary]:
        """Newest first."""
        records = await dead_letters.repository.newest(
            _scope(identity),
            DeadLetterFilter(
                state=dead_letter_state,
                queues=None if queue is None else [queue],
                type=message_type,
            ),
            before=_position(cursor) if cursor is not None else None,
            limit=limit + 1,
        )
        items = [DeadLetterSummary.of(record) for record in records[:limit]]
        last = items[-1] if len(records) > limit else None
        following = encode_cursor(last.dead_at.isoformat(), str(last.id)) if last else None
        return Page(items=items, next_cursor=following)

    @get("/{dead_letter_id:uuid}")
    async def show_dead_letter(
        self,
        dead_letter_id: FromPath[UUID],
        dead_letters: NamedDependency[DeadLetterService],
        identity: NamedDependency[Identity],
    ) -> DeadLetterView:
        """One dead letter, its secrets redacted; a replay sends the original."""
        return DeadLetterView.of(
            await dead_letters.repository.one(_scope(identity), dead_letter_id)
        )

    @post("/{dead_letter_id:uuid}/replay", status_code=HTTP_200_OK)
    async def replay_dead_letter(
        self,
        dead_letter_id: FromPath[UUID],
        dead_letters: NamedDependency[DeadLetterService],
        identity: NamedDependency[Identity],
    ) -> DeadLetterView:
        """Send it again to the queue it came from; a second request does not send it twice."""
        scope = _scope(identity)
        return DeadLetterView.of(
            await dead_letters.replay(scope, dead_letter_id, by=identity.subject)
        )

    @post("/replay", status_code=HTTP_200_OK)
    async def replay_dead_letters(
        self,
        data: JSONBody[ReplayRequest],
        dead_letters: NamedDependency[DeadLetterService],
        identity: NamedDependency[Identity],
    ) -> Replayed:
        """Send the oldest again; 0 means that none is left."""
        wanted = DeadLetterFilter(
            state=data.state,
            queues=None if data.queue is None else [data.queue],
            type=data.type,
        )
        replayed = await dead_letters.replay_many(
            _scope(identity), wanted, limit=data.limit, by=identity.subject
        )
        return Replayed(replayed=replayed)

    @post("/{dead_letter_id:uuid}/discard", status_code=HTTP_200_OK)
    async def discard_dead_letter(
        self,
        dead_letter_id: FromPath[UUID],
        data: JSONBody[DiscardRequest],
        dead_letters: NamedDependency[DeadLetterService],
        identity: NamedDependency[Identity],
    ) -> DeadLetterView:
        """Close it with a reason. It stays listed and can still be replayed."""
        record = await dead_letters.discard(
            _scope(identity), dead_letter_id, by=identity.subject, reason=data.reason
        )
        return DeadLetterView.of(record)


def _scope(identity: Identity) -> DeadLetterScope:
    if identity.role not in ("owner", "admin"):
        raise PermissionDeniedException("For owners and admins only")
    return DeadLetterScope(
        organization_id=organization_of(identity), without_organization=identity.role == "owner"
    )


def _position(cursor: str) -> Position:
    try:
        at, dead_letter_id = decode_cursor(cursor)
        return datetime.fromisoformat(str(at)).astimezone(UTC), UUID(str(dead_letter_id))
    except (ValueError, OverflowError) as problem:
        raise InvalidCursor("Invalid cursor; use the next_cursor of a page") from problem


def _summary(record: DeadLetterRecord) -> dict[str, Any]:
    dead_letter = record.dead_letter
    return {
        "id": dead_letter.id,
        "organization_id": dead_letter.organization_id,
        "message_id": dead_letter.message_id,
        "type": dead_letter.type,
        "queue": dead_letter.queue,
        "reason": dead_letter.reason,
        "error": None if dead_letter.error is None else redacted_text(dead_letter.error),
        "times": record.times,
        "dead_at": dead_letter.dead_at,
        "state": record.state,
    }

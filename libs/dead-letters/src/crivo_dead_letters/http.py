"""Dead letters over HTTP, for the owners and admins of an organization.

Letters that name no organization could be anybody's, so that only owners see them.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from crivo_messaging.dead_letter_office import (
    AlreadyDone,
    DeadLetterOffice,
    KeptLetter,
    LetterChanged,
    LetterFilter,
    LetterNotFound,
    NotReplayable,
    Position,
    State,
    Whose,
)
from crivo_messaging.publisher import BrokerAway, Unroutable
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
    LetterNotFound: 404,
    LetterChanged: 409,
    AlreadyDone: 409,
    NotReplayable: 409,
    Unroutable: 409,
    BrokerAway: 503,
}

Name = Annotated[str, Field(max_length=300, pattern=NO_NUL)]


class ActionView(BaseModel):
    action: str
    by: str
    at: datetime
    note: str | None


class DeadLetterSummary(BaseModel):
    """`times` is how often it died, `dead_at` when it last did, `error` why."""

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
    def of(cls, kept: KeptLetter) -> Self:
        return cls(**_summary(kept))


class DeadLetterView(DeadLetterSummary):
    """With the event itself, its secrets redacted, and what was done about it."""

    headers: dict[str, Any]
    body: Any
    actions: list[ActionView]

    @classmethod
    def of(cls, kept: KeptLetter) -> Self:
        return cls(
            **_summary(kept),
            headers=redacted(kept.letter.headers),
            body=redacted_body(kept.letter.body),
            actions=[
                ActionView(action=each.action, by=each.by, at=each.at, note=each.note)
                for each in kept.actions
            ],
        )


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReplayRequest(_Body):
    """Which letters; the oldest `limit` of them."""

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
    async def list_letters(
        self,
        dead_letters: NamedDependency[DeadLetterOffice],
        identity: NamedDependency[Identity],
        letter_state: Annotated[State | None, QueryParameter(name="state")] = None,
        queue: Annotated[str | None, QueryParameter(max_length=300, pattern=NO_NUL)] = None,
        message_type: Annotated[
            str | None, QueryParameter(name="type", max_length=300, pattern=NO_NUL)
        ] = None,
        cursor: FromQuery[str | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=MAXIMUM_LIMIT)] = DEFAULT_LIMIT,
    ) -> Page[DeadLetterSummary]:
        """Those that died last first."""
        found = await dead_letters.desk.newest(
            _whose(identity),
            LetterFilter(
                state=letter_state,
                queues=None if queue is None else [queue],
                type=message_type,
            ),
            before=_position(cursor) if cursor is not None else None,
            limit=limit + 1,
        )
        items = [DeadLetterSummary.of(kept) for kept in found[:limit]]
        last = items[-1] if len(found) > limit else None
        following = encode_cursor(last.dead_at.isoformat(), str(last.id)) if last else None
        return Page(items=items, next_cursor=following)

    @get("/{letter_id:uuid}")
    async def show_letter(
        self,
        letter_id: FromPath[UUID],
        dead_letters: NamedDependency[DeadLetterOffice],
        identity: NamedDependency[Identity],
    ) -> DeadLetterView:
        """The whole letter. What looks like a secret is replaced; a replay sends it as it was."""
        return DeadLetterView.of(await dead_letters.desk.one(_whose(identity), letter_id))

    @post("/{letter_id:uuid}/replay", status_code=HTTP_200_OK)
    async def replay_letter(
        self,
        letter_id: FromPath[UUID],
        dead_letters: NamedDependency[DeadLetterOffice],
        identity: NamedDependency[Identity],
    ) -> DeadLetterView:
        """Send it again to the queue it died in. Asking twice sends it once."""
        whose = _whose(identity)
        return DeadLetterView.of(await dead_letters.replay(whose, letter_id, by=identity.subject))

    @post("/replay", status_code=HTTP_200_OK)
    async def replay_letters(
        self,
        data: JSONBody[ReplayRequest],
        dead_letters: NamedDependency[DeadLetterOffice],
        identity: NamedDependency[Identity],
    ) -> Replayed:
        """Send the oldest of them again; zero means that none is left."""
        wanted = LetterFilter(
            state=data.state,
            queues=None if data.queue is None else [data.queue],
            type=data.type,
        )
        replayed = await dead_letters.replay_many(
            _whose(identity), wanted, limit=data.limit, by=identity.subject
        )
        return Replayed(replayed=replayed)

    @post("/{letter_id:uuid}/discard", status_code=HTTP_200_OK)
    async def discard_letter(
        self,
        letter_id: FromPath[UUID],
        data: JSONBody[DiscardRequest],
        dead_letters: NamedDependency[DeadLetterOffice],
        identity: NamedDependency[Identity],
    ) -> DeadLetterView:
        """Give it up, and say why. It stays in the list, and can still be replayed."""
        kept = await dead_letters.discard(
            _whose(identity), letter_id, by=identity.subject, reason=data.reason
        )
        return DeadLetterView.of(kept)


def _whose(identity: Identity) -> Whose:
    if identity.role not in ("owner", "admin"):
        raise PermissionDeniedException("For owners and admins only")
    return Whose(organization_id=organization_of(identity), unclaimed=identity.role == "owner")


def _position(cursor: str) -> Position:
    try:
        at, letter_id = decode_cursor(cursor)
        return datetime.fromisoformat(str(at)).astimezone(UTC), UUID(str(letter_id))
    except (ValueError, OverflowError) as problem:
        raise InvalidCursor("This cursor is not one of ours") from problem


def _summary(kept: KeptLetter) -> dict[str, Any]:
    letter = kept.letter
    return {
        "id": letter.id,
        "organization_id": letter.organization_id,
        "message_id": letter.message_id,
        "type": letter.type,
        "queue": letter.queue,
        "reason": letter.reason,
        "error": None if letter.error is None else redacted_text(letter.error),
        "times": kept.times,
        "dead_at": letter.dead_at,
        "state": kept.state,
    }

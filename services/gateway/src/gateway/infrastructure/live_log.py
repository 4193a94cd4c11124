"""The log of changes as one Redis Stream for each organization.

Positions are the ids that Redis gives. Whoever holds one was told it by us, so nothing after it is
lost exactly as long as its entry is still there; it is not after trimming, and not after a Redis
that forgot everything. An organization's first listener finds no entry to begin at and makes one.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError
from redis.exceptions import TimeoutError as RedisTimeoutError

from gateway.application.live import Change, Gap, LiveAway, LiveEvent

KEPT = 10_000
# Of the last change: who was away for longer reloads anyway.
KEPT_SECONDS = 24 * 60 * 60
AT_ONCE = 100
ANSWER_SECONDS = 0.5

# Of Redis, and not of the message at hand, which has to wait.
_AWAY = (RedisConnectionError, RedisTimeoutError, OutOfMemoryError, ReadOnlyError)

# A message is known for as long as its change can be in the stream.
_APPEND = """
if redis.call('ZSCORE', KEYS[2], ARGV[1]) then return false end
local id = redis.call(
  'XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], '*', 'name', ARGV[2], 'data', ARGV[3])
redis.call('ZADD', KEYS[2], string.match(id, '^%d+'), ARGV[1])
local kept = math.max(tonumber(ARGV[4]), redis.call('XLEN', KEYS[1]))
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -kept - 1)
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('EXPIRE', KEYS[2], ARGV[5])
return id
"""
_NEWEST = """
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if last[1] then return last[1][1] end
local id = redis.call('XADD', KEYS[1], '*', 'name', 'ready', 'data', '{}')
redis.call('EXPIRE', KEYS[1], ARGV[1])
return id
"""
_Entry: TypeAlias = tuple[bytes, dict[bytes, bytes]]


class RedisLiveLog:
    """Implements LiveLog.

    The client must have no `socket_timeout`: with one it sends by `asyncio.wait_for`, which before
    Python 3.12 may swallow that it was cancelled, and nobody would listen for ever.
    """

    def __init__(self, redis: Redis, *, kept: int = KEPT) -> None:
        self._redis = redis
        self._kept = kept
        self._append: Any = redis.register_script(_APPEND)
        self._newest: Any = redis.register_script(_NEWEST)

    async def append(self, change: Change) -> bool:
        stream = _stream(change.organization_id)
        arguments = [change.message_id.bytes, change.name, change.data, self._kept, KEPT_SECONDS]
        async with _within(ANSWER_SECONDS):
            added = await self._append(keys=[stream, f"{stream}:seen"], args=arguments)
        return added is not None

    async def newest(self, organization_id: UUID) -> str:
        async with _within(ANSWER_SECONDS):
            found: bytes = await self._newest(keys=[_stream(organization_id)], args=[KEPT_SECONDS])
        return found.decode()

    async def keeps(self, organization_id: UUID, position: str) -> bool:
        return bool(await self._from(organization_id, position, most=1))

    async def after(
        self, organization_id: UUID, position: str, *, seconds: float
    ) -> Sequence[LiveEvent]:
        found = await self._from(organization_id, position, most=AT_ONCE + 1)
        if not found:
            raise Gap(position)
        here, *after = found
        return [_event(each) for each in after or await self._next(organization_id, here, seconds)]

    async def _from(self, organization_id: UUID, position: str, *, most: int) -> Sequence[_Entry]:
        """The entry at this position and what follows, all in one look; nothing if it is gone."""
        async with _within(ANSWER_SECONDS):
            found: Any = await self._redis.xrange(
                _stream(organization_id), min=position, count=most
            )
        return found if found and found[0][0].decode() == position else []

    async def _next(self, organization_id: UUID, here: _Entry, seconds: float) -> Sequence[_Entry]:
        async with _within(seconds + ANSWER_SECONDS):
            answer: Any = await self._redis.xread(
                {_stream(organization_id): here[0]}, count=AT_ONCE, block=int(seconds * 1000)
            )
        return [entry for _, entries in answer for entry in entries]


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except (*_AWAY, TimeoutError) as problem:
        raise LiveAway("Live events cannot be reached now") from problem


def _stream(organization_id: UUID) -> str:
    """The braces keep all keys of an organization on one node of a cluster."""
    return f"crivo:live:{{{organization_id}}}"


def _event(entry: _Entry) -> LiveEvent:
    position, fields = entry
    return LiveEvent(
        position=position.decode(), name=fields[b"name"].decode(), data=fields[b"data"].decode()
    )

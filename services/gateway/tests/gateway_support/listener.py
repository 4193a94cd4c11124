"""A client of `/v1/events`."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from gateway.application.live import Change
from gateway_support.door import Door
from gateway_support.peers import DEADLINE
from uuid_utils.compat import uuid7


@dataclass(frozen=True, slots=True)
class Heard:
    id: str
    event: str
    data: dict[str, Any]


class Listener:
    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.aiter_lines()

    async def block(self) -> list[str]:
        """The lines up to the next empty one; none when the stream has ended."""
        lines: list[str] = []
        async with asyncio.timeout(DEADLINE):
            async for line in self._lines:
                if not line:
                    return lines
                lines.append(line)
        assert not lines, "the stream broke off within an event"
        return []

    async def next(self) -> Heard:
        """The next event; heartbeats are passed over."""
        while True:
            block = await self.block()
            assert block, "the stream has ended"
            fields = dict(line.split(": ", 1) for line in block if not line.startswith(":"))
            if "event" in fields:
                return Heard(fields["id"], fields["event"], json.loads(fields["data"]))

    async def some(self, count: int) -> list[Heard]:
        return [await self.next() for _ in range(count)]


def headers_of(door: Door, organization: UUID, last: str | None = None) -> dict[str, str]:
    token = door.services.organization.token(organization_id=str(organization))
    return {
        "Authorization": f"Bearer {token}",
        **({} if last is None else {"Last-Event-ID": last}),
    }


@asynccontextmanager
async def listening_as(
    door: Door, organization: UUID, *, last: str | None = None
) -> AsyncIterator[Listener]:
    headers = headers_of(door, organization, last)
    async with door.http.stream("GET", "/v1/events", headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        yield Listener(answer)


def a_change(organization: UUID, number: int, *, data: str | None = None) -> Change:
    return Change(
        message_id=uuid7(),
        organization_id=organization,
        name="job_started",
        data=data or json.dumps({"number": number}),
    )


async def happen(door: Door, organization: UUID, *numbers: int) -> None:
    for number in numbers:
        assert await door.service.log.append(a_change(organization, number))


def numbers(heard: list[Heard]) -> list[int]:
    return [each.data["number"] for each in heard]

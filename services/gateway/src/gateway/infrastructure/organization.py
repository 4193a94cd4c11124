"""What the gateway itself asks the organization service."""

import asyncio
from dataclasses import dataclass

from gateway.application.ports import Headers
from gateway.infrastructure.connections import BROKEN, NOT_SENT, Connections


class Unanswered(Exception):
    """The service is away, slow, breaks off, or answers what was not asked."""


@dataclass(frozen=True, slots=True)
class Organization:
    """Over connections of its own: a crowd at the service keeps nobody else from signing in."""

    connections: Connections

    async def ask(
        self,
        method: str,
        path: str,
        *,
        seconds: float,
        headers: Headers | None = None,
        body: bytes | None = None,
    ) -> tuple[int, bytes]:
        """Status and body of the answer, or raise Unanswered."""
        asking = self.connections.ask(method, path.encode(), headers or [], body)
        try:
            async with asyncio.timeout(seconds), asking as answer:
                return answer.status, await answer.aread()
        except (*NOT_SENT, *BROKEN, TimeoutError) as problem:
            raise Unanswered(repr(problem)) from problem

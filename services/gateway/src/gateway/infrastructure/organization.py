"""What the gateway itself asks the organization service."""

import asyncio
from dataclasses import dataclass

import httpcore2

from gateway.application.ports import Headers
from gateway.infrastructure.upstream import BROKEN, NOT_SENT, TIMEOUT, host_of


class Unanswered(Exception):
    """The service is away, slow, breaks off, or answers what was not asked."""


@dataclass(frozen=True, slots=True)
class Organization:
    """Over a pool of its own: a crowd at the service's door keeps nobody else from signing in."""

    pool: httpcore2.AsyncConnectionPool
    url: str

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
        try:
            async with asyncio.timeout(seconds):
                answer = await self.pool.request(
                    method,
                    self.url.rstrip("/") + path,
                    headers=[host_of(self.url), *(headers or ())],
                    content=body,
                    extensions={"timeout": TIMEOUT},
                )
        except (*NOT_SENT, *BROKEN, TimeoutError) as problem:
            raise Unanswered(repr(problem)) from problem
        return answer.status, answer.content

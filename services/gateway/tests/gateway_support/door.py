"""The gateway on a port of its own, and the services it has behind it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx
import uvicorn
from crivo_observability.http import ASGIApp
from gateway.application.routes import ROUTES, Route
from gateway.bootstrap import PACE, Service, open_gateway
from gateway.presentation.event_streams import Pace
from gateway.settings import Settings
from gateway_support.organization import INTERNAL_KEY, Organization
from gateway_support.peers import DEADLINE, Peer, listening
from pydantic import SecretStr
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

NO_BROKER = "amqp://127.0.0.1:1/"


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass(frozen=True, slots=True)
class Services:
    organization: Organization
    platform: Peer
    queue: Peer
    review: Peer

    @property
    def arrived(self) -> int:
        peers = (self.organization, self.platform, self.queue, self.review)
        return sum(len(peer.arrived) for peer in peers)


@dataclass(frozen=True, slots=True)
class Door:
    """`http` is a client of the gateway; `say` speaks to it byte for byte."""

    service: Service
    port: int
    http: httpx.AsyncClient
    services: Services
    clock: Clock

    def as_ana(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.services.organization.token()}"}

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def say(self, request: bytes) -> bytes:
        """Everything that is answered until the gateway closes the connection."""
        reader, writer = await self.connect()
        writer.write(request)
        answer = await asyncio.wait_for(reader.read(), DEADLINE)
        writer.close()
        await writer.wait_closed()
        return answer


@asynccontextmanager
async def services() -> AsyncIterator[Services]:
    made = Services(Organization(), Peer("platform"), Peer("queue"), Peer("review"))
    async with AsyncExitStack() as stack:
        for peer in (made.organization, made.platform, made.queue, made.review):
            await stack.enter_async_context(peer.answering())
        yield made


@asynccontextmanager
async def open_door(
    services: Services,
    redis_url: str,
    routes: Sequence[Route] = ROUTES,
    *,
    rabbitmq_url: str = NO_BROKER,
    pace: Pace = PACE,
    streams: int = 200,
    streams_of_each: int = 20,
) -> AsyncIterator[Door]:
    clock = Clock()
    own = settings(services, redis_url, rabbitmq_url).model_copy(
        update={"live_streams": streams, "live_streams_per_organization": streams_of_each}
    )
    async with (
        open_gateway(own, routes=routes, clock=clock, pace=pace) as service,
        serving(service.api()) as port,
        client(f"http://127.0.0.1:{port}") as http,
    ):
        yield Door(service, port, http, services, clock)


def client(url: str) -> httpx.AsyncClient:
    """Without certificates: reading them takes longer than most tests."""
    return httpx.AsyncClient(
        base_url=url,
        trust_env=False,
        timeout=DEADLINE,
        limits=httpx.Limits(max_connections=None),
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    )


def settings(services: Services, redis_url: str, rabbitmq_url: str) -> Settings:
    return Settings(
        organization_url=services.organization.url,
        platform_integration_url=services.platform.url,
        workflow_queue_url=services.queue.url,
        code_review_url=services.review.url,
        redis_url=SecretStr(redis_url),
        rabbitmq_url=SecretStr(rabbitmq_url),
        internal_token_key=SecretStr(INTERNAL_KEY),
    )


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[int]:
    """The port of uvicorn's own connections, without its server, which sleeps before it stops."""
    config = uvicorn.Config(app, access_log=False, log_config=None, server_header=False)
    config.load()
    lifespan = config.lifespan_class(config)
    await lifespan.startup()
    state = ServerState()

    def connection() -> HttpToolsProtocol:
        return HttpToolsProtocol(config, state, lifespan.state)

    listener = listening()
    server = await asyncio.get_running_loop().create_server(connection, sock=listener)
    try:
        yield listener.getsockname()[1]
    finally:
        server.close()
        for each in list(state.connections):
            each.shutdown()
        answers = asyncio.gather(*state.tasks, return_exceptions=True)
        await asyncio.wait_for(answers, DEADLINE)
        await lifespan.shutdown()

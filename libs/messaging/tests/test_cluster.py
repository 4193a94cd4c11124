"""Brokers that fail: stopped for a while, killed as a cluster's leader, and out of disk."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from crivo_local.cluster import Cluster, Node
from crivo_local.rabbitmq_files import find
from crivo_local.stack import Stack
from crivo_messaging.postgres import append
from crivo_messaging.postgres_outbox import PostgresOutbox
from crivo_messaging.publisher import BrokerUnavailable, Publisher
from crivo_messaging.relay import Relay
from crivo_messaging.topology import declare_at
from messaging_support.ledger import Ledger, keeping
from messaging_support.messages import TOPOLOGY, counted
from messaging_support.proxy import proxied
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

MORE_THAN_ANY_DISK = str(10**18)
AS_BEFORE = "50MB"
# A node boots in 6 s on a machine that does nothing else; ours may be shared by many.
PATIENCE_SECONDS = 180


@pytest.fixture
def three_nodes(stack: Stack, tmp_path: Path) -> Iterator[Cluster]:
    with Cluster(tmp_path, find(stack.root / "rabbitmq-files"), 3) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def one_node(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    root = tmp_path_factory.mktemp("node")
    with Cluster(root, find(stack.root / "rabbitmq-files"), 1) as cluster:
        yield cluster.nodes[0]


@pytest.fixture
def node_url(one_node: Node) -> str:
    """A virtual host of the node that no other test has seen."""
    return one_node.create_vhost(uuid4().hex)


@pytest.fixture
async def ledger(engine: AsyncEngine) -> Ledger:
    ledger = Ledger(engine)
    await ledger.create()
    return ledger


@pytest.mark.cluster
async def test_the_leader_of_a_quorum_queue_killed_under_load_loses_and_doubles_nothing(
    engine: AsyncEngine, database_url: str, three_nodes: Cluster, ledger: Ledger
) -> None:
    """Two of three nodes elect another leader, and publisher and consumer go on with it."""
    nodes = three_nodes.nodes
    async with (
        proxied(*(node.url for node in nodes)) as balancer,
        asyncio.timeout(PATIENCE_SECONDS),
    ):
        url = balancer.url(nodes[0].url)
        await declare_at(url, TOPOLOGY)
        async with keeping(ledger, url, prefetch=20), _relaying(database_url, url):
            await _store(engine, range(40))
            await ledger.until(200)

            leader = _leader(nodes)
            await _store(engine, range(40, 60))
            await asyncio.to_thread(leader.part.kill)
            assert await ledger.effects() < 20 * 60, "killed when nothing was left to lose"
            await ledger.until(20 * 60)
        alive = [node for node in nodes if node is not leader]
        assert _leader(alive) in alive
    for subject in range(20):
        assert sorted(await ledger.numbers(f"s{subject}")) == list(range(60))


async def test_a_broker_stopped_and_started_again_has_forgotten_nothing(
    engine: AsyncEngine, database_url: str, one_node: Node, node_url: str, ledger: Ledger
) -> None:
    """What it had confirmed is on its disk, what happens meanwhile waits in the outbox."""
    await declare_at(node_url, TOPOLOGY)
    async with asyncio.timeout(PATIENCE_SECONDS):
        async with _relaying(database_url, node_url):
            await _store(engine, range(2))
            await _until_nothing_waits(engine)
            await asyncio.to_thread(one_node.part.stop)
            await _store(engine, range(2, 4))
            await asyncio.to_thread(one_node.start)
            async with keeping(ledger, node_url):
                await ledger.until(80)
    for subject in range(20):
        assert await ledger.numbers(f"s{subject}") == list(range(4))


async def test_a_full_disk_on_the_broker_delays_messages_and_loses_none(
    engine: AsyncEngine, database_url: str, one_node: Node, node_url: str, ledger: Ledger
) -> None:
    """A blocked connection ends in time, and what it held back is sent when there is room again."""
    await declare_at(node_url, TOPOLOGY)
    outbox = PostgresOutbox(database_url)
    publisher = Publisher(node_url, TOPOLOGY, confirm_seconds=3)
    relay = Relay(outbox, publisher)
    assert await outbox.lead()
    await _store(engine, range(1))
    assert await relay.relay_once() == 20

    await asyncio.to_thread(one_node.rabbitmqctl, "set_disk_free_limit", MORE_THAN_ANY_DISK)
    await _store(engine, range(1, 4), padding="x" * 100_000)
    async with asyncio.timeout(PATIENCE_SECONDS), keeping(ledger, node_url):
        for _ in range(2):
            with pytest.raises(BrokerUnavailable):
                await relay.relay_once()
        # A connection that only consumes is not blocked, and makes room.
        await ledger.until(20)
        assert await ledger.effects() == 20

        await asyncio.to_thread(one_node.rabbitmqctl, "set_disk_free_limit", AS_BEFORE)
        await publisher.close()
        await outbox.close()
        async with _relaying(database_url, node_url):
            await ledger.until(80)
    for subject in range(20):
        assert await ledger.numbers(f"s{subject}") == list(range(4))


@asynccontextmanager
async def _relaying(database_url: str, url: str) -> AsyncIterator[None]:
    stop = asyncio.Event()
    relay = Relay(PostgresOutbox(database_url), Publisher(url, TOPOLOGY))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(relay.run(stop))
        yield
        stop.set()


async def _until_nothing_waits(engine: AsyncEngine) -> None:
    waiting = text("SELECT count(*) FROM outbox WHERE published_at IS NULL")
    async with engine.connect() as connection:
        while (await connection.execute(waiting)).scalar_one():
            await connection.rollback()


async def _store(engine: AsyncEngine, numbers: range, padding: str = "") -> None:
    messages = [
        counted(number, subject=f"s{subject}", padding=padding)
        for number in numbers
        for subject in range(20)
    ]
    async with engine.begin() as connection:
        await append(connection, messages)


def _leader(nodes: list[Node]) -> Node:
    """Where the queue's leader is now."""
    queue = httpx.get(f"{nodes[0].management}/api/queues/%2F/test.numbers").raise_for_status()
    return next(node for node in nodes if node.name == queue.json()["leader"])

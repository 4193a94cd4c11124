"""Commands as they come from the broker, on a real database."""

from sqlalchemy import select
from workflow_queue.bootstrap import Service
from workflow_queue.infrastructure.tables import followed_pull_requests, messaging
from workflow_queue_support.peers import at_work


async def paused(service: Service) -> None:
    """Messages are handled at the same time, so a later one may be heard first."""
    query = select(followed_pull_requests.c.paused)
    async with service.engine.connect() as connection:
        while not await connection.scalar(query):
            await connection.rollback()


async def test_a_paused_pull_request_is_skipped_until_somebody_commands_a_review(
    connected: Service,
) -> None:
    async with at_work(connected) as peers:
        await peers.commanded("pause")
        await paused(connected)
        await peers.opened()
        skipped = await peers.next("job_skipped")
        command = await peers.commanded("review", minute=1)
        created = await peers.next("job_created")
        analyze = await peers.next("analyze_pull_request")
        await peers.repeat(command)
        await peers.closed()
        cancelled = await peers.next("job_cancelled")
    assert skipped["reason"] == "paused"
    assert created["trigger"] == "command"
    assert analyze["job_id"] == created["job_id"] == cancelled["job_id"]


async def test_a_word_of_a_later_release_is_a_dead_letter(connected: Service) -> None:
    table = messaging.dead_letters.c
    async with at_work(connected) as peers:
        await peers.commanded("explain")
        await peers.opened()
        await peers.next("analyze_pull_request")
        dead_letters: list[str] = []
        while not dead_letters:
            async with connected.engine.connect() as connection:
                dead_letters = list(await connection.scalars(select(table.type)))
    assert dead_letters == ["platform_integration.review_commanded.v1"]

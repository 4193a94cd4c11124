"""One organization's long line, another's single job, and real queues between.

As a program (`make measure-fairness`) it prints what docs/fairness.md quotes.
"""

import argparse
import asyncio
import logging
import sys
import time
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg
import structlog
from crivo_local.stack import Stack
from crivo_testkit.plugin import ROOT
from workflow_queue.bootstrap import Service, open_service
from workflow_queue.domain.pull_request import OrganizationId
from workflow_queue.infrastructure.schema import migrate
from workflow_queue_support.callers import settings
from workflow_queue_support.peers import Peers, at_work

BIG, SMALL = (OrganizationId(UUID(int=number)) for number in (1, 2))
WINDOW = 8
# A thousand jobs take a while to make on a machine that has other things to do.
PATIENCE_SECONDS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Overtaking:
    """`before` jobs were there before the single one; `running` of them ran when it came.

    `ended` of those ended and `overtook` others were handed over until it was its turn, which was
    `seconds` after a place was free.
    """

    before: int
    running: int
    ended: int
    overtook: int
    seconds: float


async def overtake(peers: Peers, *, before: int, window: int) -> Overtaking:
    """Fill the window and the line behind it, then send the single job and free one place."""
    for number in range(before):
        await peers.opened(number=number + 1, organization_id=BIG)
    started = [await peers.next("analyze_pull_request") for _ in range(window)]
    await peers.opened(organization_id=SMALL)
    while (await peers.next("job_created"))["organization_id"] != str(SMALL):
        continue
    begun, ended, overtook = time.monotonic(), 0, -1
    organization = ""
    while organization != str(SMALL) and ended < window:
        await peers.review_failed(started[ended], error_class="permanent")
        organization = (await peers.next("analyze_pull_request"))["organization_id"]
        ended, overtook = ended + 1, overtook + 1
    return Overtaking(
        before=before,
        running=len(started),
        ended=ended,
        overtook=overtook,
        seconds=time.monotonic() - begun,
    )


async def measure(service: Service, *, before: int) -> Overtaking:
    async with at_work(service, seconds=PATIENCE_SECONDS) as peers:
        return await overtake(peers, before=before, window=service.settings.window)


async def _in_stores_of_its_own(stack: Stack, *, before: int, window: int) -> Overtaking:
    name = f"overtaking_{uuid4().hex[:12]}"
    server = stack.urls().postgres
    broker = stack.create_vhost(name)
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
        try:
            url = f"{server.rpartition('/')[0]}/{name}".replace("://", "+psycopg://", 1)
            await asyncio.to_thread(migrate, url)
            narrow = settings(url, broker).model_copy(update={"window": window})
            async with open_service(narrow) as service:
                return await measure(service, before=before)
        finally:
            stack.delete_vhost(name)
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def main() -> None:
    parser = argparse.ArgumentParser(prog="make measure-fairness", description=__doc__)
    parser.add_argument("--before", type=int, default=1_000)
    parser.add_argument("--window", type=int, default=WINDOW)
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    stack = Stack(ROOT)
    stack.start()
    seen = asyncio.run(_in_stores_of_its_own(stack, before=asked.before, window=asked.window))
    sys.stdout.write(
        f"{seen.before} jobs of the other organization before it, {seen.running} of them running;"
        f" {seen.ended} had to end and {seen.overtook} more were handed over first;"
        f" handed over {1000 * seen.seconds:.0f} ms after that end\n"
    )


if __name__ == "__main__":
    main()

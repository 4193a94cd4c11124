"""A process that stores its effect and never gets to the acknowledgement; for tests to kill."""

import asyncio
import sys
from uuid import UUID

from messaging_support.ledger import Ledger, keeping
from sqlalchemy.ext.asyncio import create_async_engine


class HungLedger(Ledger):
    async def record(self, message: UUID, subject: str, number: int) -> None:
        await super().record(message, subject, number)
        sys.stdout.write("stored\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


async def main(database_url: str, rabbitmq_url: str) -> None:
    async with keeping(HungLedger(create_async_engine(database_url)), rabbitmq_url):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

"""The outbox of a service that keeps its state in MongoDB: inside the aggregate's own document.

Every write is one `replace_one({_id, version})`, so a state and the messages about it are stored
together or not at all, without multi-document transactions. `version` moves with every write, the
relay's included; `revision` only with the aggregate's, so that the relay never conflicts with it.
Only scalars are queried (`pending_count`), which every server of the wire protocol can do.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID, uuid4

from prometheus_client import Gauge
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import ConnectionFailure, DuplicateKeyError

from crivo_messaging.envelope import Envelope
from crivo_messaging.relay import Outcome, StoreUnavailable

Document: TypeAlias = dict[str, Any]

BATCH = 100
POLL_SECONDS = 0.1
UNROUTABLE_SECONDS = 5
LEASE = timedelta(seconds=10)
_LEASE_ID = "relay-lease"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEW: Document = {"revision": 0, "version": 0, "pending": (), "not_before": _EPOCH}

_pending_documents = Gauge("crivo_outbox_pending_documents", "Documents with unpublished messages")


class StaleDocument(Exception):
    """The aggregate was saved by another process since it was read."""


async def save(
    collection: AsyncCollection[Document],
    document: Mapping[str, Any],
    *,
    revision: int,
    envelopes: Sequence[Envelope] = (),
) -> None:
    """Write an aggregate that was read at `revision` (0: new) with the messages it sends.

    Raise StaleDocument when the stored revision is another one.
    """
    sent = [_to_document(each) for each in envelopes]
    if revision == 0:
        try:
            await collection.insert_one(_saved(_NEW, document, sent))
        except DuplicateKeyError as problem:
            raise StaleDocument(str(document["_id"])) from problem
        return
    while True:
        stored = await collection.find_one({"_id": document["_id"]})
        if stored is None or stored["revision"] != revision:
            raise StaleDocument(f"{document['_id']} is not at revision {revision} any more")
        if await _replace(collection, stored, _saved(stored, document, sent)):
            return


class MongoOutbox:
    """Implements the relay's Outbox; a leased document makes one of many relays the active one."""

    def __init__(
        self, collection: AsyncCollection[Document], leases: AsyncCollection[Document]
    ) -> None:
        self._collection = collection
        self._leases = leases
        self._holder = str(uuid4())
        self._notified = asyncio.Event()
        self._leads_until = _EPOCH

    async def lead(self) -> bool:
        now = datetime.now(UTC)
        if self._leads_until - now > LEASE / 2:
            return True  # no other relay takes the lease before it ends
        try:
            lease = await self._leases.find_one({"_id": _LEASE_ID})
            if lease is None:
                with suppress(DuplicateKeyError):
                    await self._leases.insert_one(
                        {"_id": _LEASE_ID, "version": 0, "holder": "", "until": _EPOCH}
                    )
                return False
            if lease["holder"] != self._holder and lease["until"].replace(tzinfo=UTC) > now:
                return False
            until = now + LEASE
            renewed = {
                **lease,
                "version": lease["version"] + 1,
                "holder": self._holder,
                "until": until,
            }
            leads = await _replace(self._leases, lease, renewed)
        except ConnectionFailure as problem:
            raise StoreUnavailable(str(problem)) from problem
        self._leads_until = until if leads else _EPOCH
        return leads

    async def pending(self) -> Sequence[Sequence[Envelope]]:
        due = {"pending_count": {"$gt": 0}, "not_before": {"$lte": datetime.now(UTC)}}
        try:
            documents = await self._collection.find(due).limit(BATCH).to_list()
        except ConnectionFailure as problem:
            raise StoreUnavailable(str(problem)) from problem
        _pending_documents.set(len(documents))
        return [
            [_from_document(each, document) for each in document["pending"]]
            for document in documents
        ]

    async def settle(self, outcomes: Sequence[Outcome]) -> None:
        await asyncio.gather(*(self._settle(outcome) for outcome in outcomes))

    async def _settle(self, outcome: Outcome) -> None:
        if not outcome.published and not outcome.unroutable:
            return
        sent = {str(each.id) for each in outcome.confirmed}
        postponed = datetime.now(UTC) + timedelta(seconds=UNROUTABLE_SECONDS)
        try:
            while True:
                stored = await self._collection.find_one({"_id": outcome.group[0].subject})
                if stored is None:
                    return
                left = [each for each in stored["pending"] if each["id"] not in sent]
                following = {
                    **stored,
                    "version": stored["version"] + 1,
                    "pending": left,
                    "pending_count": len(left),
                    "not_before": postponed if outcome.unroutable else _EPOCH,
                }
                if await _replace(self._collection, stored, following):
                    return
        except ConnectionFailure as problem:
            raise StoreUnavailable(str(problem)) from problem

    def notify(self) -> None:
        """Wake a relay that runs in this process; others poll."""
        self._notified.set()

    async def wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._notified.wait(), min(seconds, POLL_SECONDS))
        self._notified.clear()

    async def close(self) -> None:
        """The client is closed by its owner; the lease ends here, so that a standby takes over."""
        self._leads_until = _EPOCH
        with suppress(ConnectionFailure):
            lease = await self._leases.find_one({"_id": _LEASE_ID, "holder": self._holder})
            if lease is not None:
                released = {**lease, "version": lease["version"] + 1, "until": _EPOCH}
                await _replace(self._leases, lease, released)


def _saved(stored: Document, document: Mapping[str, Any], sent: Sequence[Document]) -> Document:
    pending = [*stored["pending"], *sent]
    return {
        **document,
        "revision": stored["revision"] + 1,
        "version": stored["version"] + 1,
        "pending": pending,
        "pending_count": len(pending),
        "not_before": stored["not_before"],
    }


async def _replace(
    collection: AsyncCollection[Document], stored: Document, following: Document
) -> bool:
    found = {"_id": stored["_id"], "version": stored["version"]}
    return (await collection.replace_one(found, following)).matched_count == 1


def _to_document(envelope: Envelope) -> Document:
    return {
        "id": str(envelope.id),
        "type": envelope.type,
        "sequence": envelope.sequence,
        "exchange": envelope.exchange,
        "mandatory": envelope.mandatory,
        "attributes": envelope.attributes(),
        "body": envelope.body,
    }


def _from_document(pending: Document, document: Document) -> Envelope:
    return Envelope.stored(**{**pending, "id": UUID(pending["id"]), "subject": document["_id"]})

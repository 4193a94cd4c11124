"""Tells subscribers of an event over HTTP."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import httpx

logger = logging.getLogger(__name__)
MAX_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Delivery:
    id: UUID
    url: str
    event: dict[str, str]
    attempts: int


class Deliveries(Protocol):
    def due(self, now: datetime) -> list[Delivery]: ...

    def delivered(self, delivery_id: UUID, *, status: int) -> None: ...

    def postpone(self, delivery_id: UUID, *, until: datetime, reason: str) -> None:
        """Count an attempt; it is due again then."""
        ...

    def give_up(self, delivery_id: UUID, *, reason: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverDue:
    deliveries: Deliveries
    http: httpx.Client
    now: Callable[[], datetime]

    def __call__(self) -> None:
        for delivery in self.deliveries.due(self.now()):
            self._deliver(delivery)

    def _deliver(self, delivery: Delivery) -> None:
        response = self.http.post(
            delivery.url,
            content=json.dumps(delivery.event),
            headers={"Content-Type": "application/json", "X-Delivery": str(delivery.id)},
        )
        response.raise_for_status()
        self.deliveries.delivered(delivery.id, status=response.status_code)

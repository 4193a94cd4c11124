"""Signed deliveries, as GitHub sends them: once, recorded, and again only when somebody asks.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import uuid4

import httpx

from crivo_simulators.catalogue import Catalogue
from crivo_simulators.refusals import not_found

Json: TypeAlias = dict[str, Any]
# GitHub gives a receiver ten seconds.
PATIENCE = httpx.Timeout(10)


class Webhooks:
    def __init__(self, catalogue: Catalogue, http: httpx.AsyncClient) -> None:
        self._catalogue = catalogue
        self._http = http

    async def send(self, full_name: str, event: str, payload: Json) -> None:
        """To every hook of the repository that asked for this event, under one id."""
        about = _about(full_name, event, payload)
        for hook in self._catalogue.repository(full_name)["hooks"]:
            if event in hook["events"] or "*" in hook["events"]:
                await self._deliver(hook, about, redelivery=False)

    async def ping(self, hook: Json, full_name: str, payload: Json) -> None:
        """To a new hook, whatever it asked for."""
        await self._deliver(hook, _about(full_name, "ping", payload), redelivery=False)

    async def redeliver(self, delivery_id: str) -> Json:
        """The same id and the same bytes."""
        known = next((d for d in self._catalogue.deliveries if d["id"] == delivery_id), None)
        if known is None:
            raise not_found()
        hooks = self._catalogue.repository(known["repository"])["hooks"]
        hook = next(each for each in hooks if each["id"] == known["hook_id"])
        about = {name: known[name] for name in _SAME}
        return await self._deliver(hook, about, redelivery=True)

    async def _deliver(self, hook: Json, about: Json, *, redelivery: bool) -> Json:
        body = about["body"].encode()
        repository_id = self._catalogue.repository(about["repository"])["id"]
        headers = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/simulated",
            "X-GitHub-Delivery": about["id"],
            "X-GitHub-Event": about["event"],
            "X-GitHub-Hook-ID": str(hook["id"]),
            "X-GitHub-Hook-Installation-Target-ID": str(repository_id),
            "X-GitHub-Hook-Installation-Target-Type": "repository",
            **_signatures(hook["secret"].encode(), body),
        }
        sent_at, begun = datetime.now(UTC), time.perf_counter()
        status: int | None = None
        try:
            answer = await self._http.post(
                hook["url"], content=body, headers=headers, timeout=PATIENCE
            )
            status, said = answer.status_code, answer.text[:10_000]
        except httpx.HTTPError as problem:
            said = type(problem).__name__
        delivery = {
            **about,
            "hook_id": hook["id"],
            "status": status,
            "response": said,
            "seconds": time.perf_counter() - begun,
            "sent_at": sent_at.isoformat(),
            "redelivery": redelivery,
        }
        self._catalogue.deliveries.append(delivery)
        self._catalogue.keep()
        return delivery


def _about(full_name: str, event: str, payload: Json) -> Json:
    return {
        "id": str(uuid4()),
        "event": event,
        "action": payload.get("action"),
        "repository": full_name,
        "number": payload.get("number"),
        # UTF-8 as it is, so that a receiver who signs what it re-encoded is found out.
        "body": json.dumps(payload, separators=(",", ":"), ensure_ascii=False),
    }


def _signatures(secret: bytes, body: bytes) -> Json:
    """The old SHA-1 one is still sent beside the one to trust."""
    return {
        "X-Hub-Signature": f"sha1={hmac.new(secret, body, hashlib.sha1).hexdigest()}",
        "X-Hub-Signature-256": f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}",
    }


_SAME = ("id", "event", "action", "repository", "number", "body")

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
        """To every hook of the repository that asked for this event."""
        for hook in self._catalogue.repository(full_name)["hooks"]:
            if event == "ping" or event in hook["events"] or "*" in hook["events"]:
                body = json.dumps(payload, separators=(",", ":"))
                about = {
                    "id": str(uuid4()),
                    "event": event,
                    "action": payload.get("action"),
                    "repository": full_name,
                    "number": payload.get("number"),
                    "body": body,
                }
                await self._deliver(hook, about, redelivery=False)

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
        digest = hmac.new(hook["secret"].encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/simulated",
            "X-GitHub-Delivery": about["id"],
            "X-GitHub-Event": about["event"],
            "X-GitHub-Hook-ID": str(hook["id"]),
            "X-Hub-Signature-256": f"sha256={digest}",
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


_SAME = ("id", "event", "action", "repository", "number", "body")

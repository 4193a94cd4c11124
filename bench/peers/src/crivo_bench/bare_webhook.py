"""The bare stack: Litestar, the signature, and the same two inserts in one transaction.

No connected hosts, no reading of the body, no identity, no logs, no metrics, no traces: what is
left is what any Python service that keeps a webhook and an event must at least do.
"""

import hashlib
import hmac
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import uvicorn
from litestar import Litestar, Request, Response, post
from psycopg_pool import AsyncConnectionPool

POOL_SIZE = 8
SECRET = os.environ.get("BARE_SECRET", "").encode()
# The event that the platform would announce, ready made.
EVENT = os.environ.get("BARE_EVENT", "{}")
NOBODY = UUID(int=0)
_STORE = b"""
WITH delivery AS (
    INSERT INTO webhook_deliveries (integration_id, delivery_id, organization_id, repository_id,
        event, action, status, reason, body, received_at)
    VALUES (%(nobody)s, %(delivery_id)s, %(nobody)s, %(nobody)s, 'pull_request', 'opened',
        'accepted', NULL, %(body)s, %(now)s)
    ON CONFLICT DO NOTHING RETURNING 1
), event AS (
    INSERT INTO outbox (id, type, subject, sequence, exchange, mandatory, attributes, body)
    SELECT %(id)s, 'platform_integration.pull_request_opened.v1', %(subject)s, 0,
        'platform_integration.events', true, %(attributes)s::json, %(event)s::json FROM delivery)
SELECT 1 FROM delivery
"""


@asynccontextmanager
async def _pooled(app: Litestar) -> AsyncIterator[None]:
    settings = {"autocommit": True}
    async with AsyncConnectionPool(
        os.environ["BARE_DATABASE_URL"], min_size=1, max_size=POOL_SIZE, kwargs=settings
    ) as pool:
        app.state.pool = pool
        yield


@post("/webhooks/github", status_code=202, request_max_body_size=25_000_000)
async def receive(request: Request[Any, Any, Any]) -> Response[None]:
    body = await request.body()
    expected = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("x-hub-signature-256", "")):
        return Response(None, status_code=401)
    now = datetime.now(UTC)
    row = {
        "nobody": NOBODY,
        "delivery_id": request.headers["x-github-delivery"],
        "body": body,
        "now": now,
        "id": uuid4(),
        "subject": "the pull request",
        "attributes": json.dumps({"source": "bare", "time": now.isoformat()}),
        "event": EVENT,
    }
    async with request.app.state.pool.connection() as connection:
        await connection.execute(_STORE, row)
    return Response(None, status_code=202)


def main() -> None:
    app = Litestar([receive], lifespan=[_pooled], logging_config=None, openapi_config=None)
    uvicorn.run(app, port=int(os.environ["BARE_PORT"]), access_log=False, log_level="warning")


if __name__ == "__main__":
    main()

"""The door for code hosts. The signature is their identity."""

from typing import Annotated, Any

from litestar import Request, post
from litestar.di import NamedDependency
from pydantic import BaseModel, Field
from structlog.contextvars import bind_contextvars

from platform_integration.application.app import App
from platform_integration.application.receive_webhook import ReceiveWebhook

# GitHub sends no more: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
BODY_LIMIT = 25 * 1024 * 1024


class WebhookReceipt(BaseModel):
    """What became of the delivery, and why when nothing did."""

    delivery_id: str
    status: Annotated[str, Field(examples=["accepted", "duplicate", "ignored"])]
    reason: str | None


@post(
    "/webhooks/github",
    status_code=202,
    request_max_body_size=BODY_LIMIT,
    summary="Receive a GitHub webhook",
    description="The raw body is verified by X-Hub-Signature-256 before anything is read from it.",
)
async def receive_github(
    request: Request[Any, Any, Any], app: NamedDependency[App]
) -> WebhookReceipt:
    headers = {
        name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]
    }
    receipt = await app.receive_webhook(ReceiveWebhook(body=await request.body(), headers=headers))
    # For the line that every request leaves: a second one would cost a tenth of the webhook.
    bind_contextvars(
        delivery_id=receipt.delivery_id, delivery=receipt.status, reason=receipt.reason
    )
    return WebhookReceipt(
        delivery_id=receipt.delivery_id, status=receipt.status, reason=receipt.reason
    )

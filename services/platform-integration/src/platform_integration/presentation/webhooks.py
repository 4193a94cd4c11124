"""The door for code hosts. The signature is their identity."""

from typing import Annotated

from crivo_observability.http import Receive, Scope, Send
from crivo_web.asgi import answer
from crivo_web.direct import whole_body
from litestar import post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.types import ASGIApp
from pydantic import BaseModel, Field
from structlog.contextvars import bind_contextvars

from platform_integration.application.app import App
from platform_integration.application.receive_webhook import ReceiveWebhook

GITHUB_WEBHOOKS = "/webhooks/github"
# GitHub sends no more: https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
BODY_LIMIT = 25 * 1024 * 1024


class WebhookReceipt(BaseModel):
    """What became of the delivery, and why when nothing did."""

    delivery_id: str
    status: Annotated[str, Field(examples=["accepted", "duplicate", "ignored"])]
    reason: str | None


class GitHubWebhooks:
    """An ASGI application: through Litestar a webhook would cost half as much again."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await whole_body(scope, receive, limit=BODY_LIMIT)
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        receipt = await self._app.receive_webhook(ReceiveWebhook(body=body, headers=headers))
        # For the line that every request leaves: a second one would cost a tenth of the webhook.
        bind_contextvars(
            delivery_id=receipt.delivery_id, delivery=receipt.status, reason=receipt.reason
        )
        said = WebhookReceipt(
            delivery_id=receipt.delivery_id, status=receipt.status, reason=receipt.reason
        )
        await answer(send, 202, said.model_dump_json().encode(), "application/json")


# no permission: not of the public API; a signature is the proof
@post(
    GITHUB_WEBHOOKS,
    status_code=202,
    summary="Receive a GitHub webhook",
    description="The raw body is verified by X-Hub-Signature-256 before anything is read from it.",
    responses={
        202: ResponseSpec(
            WebhookReceipt,
            description="Stored, or not of interest",
            # Invented ones, by a library that takes 20 MB once the document was asked for.
            generate_examples=False,
        )
    },
)
async def receive_github(webhooks: NamedDependency[ASGIApp]) -> ASGIApp:
    """For the schema, and for a path that is spelt in another way."""
    return webhooks

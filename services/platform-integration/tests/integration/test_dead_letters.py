"""Messages that died here are found and discarded."""

from uuid import UUID

from crivo_messaging.dead_letters import DeadLetter
from crivo_web.identity import Identity, issue, utc_now
from httpx import ASGITransport, AsyncClient
from platform_integration.bootstrap import api, open_service
from platform_integration.settings import Settings
from pydantic import SecretStr

KEY = "a test key that is thirty-two characters long"
ORGANIZATION = UUID("019a0000-0000-7000-8000-000000000001")


async def test_a_dead_publication_is_listed_and_discarded(database_url: str) -> None:
    settings = Settings(
        database_url=database_url,
        rabbitmq_url="amqp://127.0.0.1:1/",
        internal_token_key=SecretStr(KEY),
        secrets_keys=SecretStr("MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE="),
    )
    owner = Identity(subject="ana", organization_id=ORGANIZATION, role="owner", issuer="gateway")
    letter = DeadLetter(
        id=UUID(int=1),
        organization_id=ORGANIZATION,
        message_id=None,
        type="platform_integration.publish_review.v1",
        queue="platform-integration.publications",
        reason="handler failed",
        error="KeyError: 'x'",
        headers={},
        body=b"{}",
        dead_at=utc_now(),
    )
    async with (
        open_service(settings) as service,
        AsyncClient(
            transport=ASGITransport(api(service, settings)),
            base_url="http://platform-integration.test",
            headers={"Authorization": f"Bearer {issue(owner, KEY, now=utc_now())}"},
        ) as caller,
    ):
        await service.dead_letter_repository.add(letter)
        (listed,) = (await caller.get("/v1/dead-letters")).json()["items"]
        path = f"/v1/dead-letters/{listed['id']}"
        away = await caller.post(f"{path}/replay")
        discarded = await caller.post(f"{path}/discard", json={"reason": "the pull request went"})
        assert await service.dead_letter_repository.count_open() == 0

    assert listed["queue"] == "platform-integration.publications"
    assert away.status_code == 503, "no broker: the letter stays open"
    assert [each["action"] for each in discarded.json()["actions"]] == ["replay", "discard"]

"""Messages that died here are found and discarded."""

from uuid import UUID

from code_review.bootstrap import open_service
from code_review.settings import Settings
from crivo_messaging.dead_letters import DeadLetter
from crivo_web.identity import Identity, issue, utc_now
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr

KEY = "a test key that is thirty-two characters long"
ORGANIZATION = UUID("019a0000-0000-7000-8000-000000000001")


async def test_a_dead_analysis_is_listed_and_discarded(
    mongodb_url: str, mongodb_database: str
) -> None:
    settings = Settings(
        mongodb_url=SecretStr(mongodb_url),
        mongodb_database=mongodb_database,
        rabbitmq_url=SecretStr("amqp://127.0.0.1:1/"),
        internal_token_key=SecretStr(KEY),
        platform_integration_url="http://127.0.0.1:1",
    )
    owner = Identity(subject="ana", organization_id=ORGANIZATION, role="owner", issuer="gateway")
    letter = DeadLetter(
        id=UUID(int=1),
        organization_id=ORGANIZATION,
        message_id=None,
        type="code_review.analyze_pull_request.v1",
        queue="code-review.analyze-pull-request",
        reason="handler failed",
        error="KeyError: 'x'",
        headers={},
        body=b"{}",
        dead_at=utc_now(),
    )
    async with (
        open_service(settings, analyzers=[]) as service,
        AsyncClient(
            transport=ASGITransport(service.api()),
            base_url="http://code-review.test",
            headers={"Authorization": f"Bearer {issue(owner, KEY, now=utc_now())}"},
        ) as caller,
    ):
        await service.migrate()
        await service.dead_letter_repository.add(letter)
        (listed,) = (await caller.get("/v1/dead-letters")).json()["items"]
        path = f"/v1/dead-letters/{listed['id']}"
        away = await caller.post(f"{path}/replay")
        discarded = await caller.post(f"{path}/discard", json={"reason": "the pull request went"})
        assert await service.dead_letter_repository.count_open() == 0
        await service.database.client.drop_database(mongodb_database)

    assert listed["queue"] == "code-review.analyze-pull-request"
    assert away.status_code == 503, "no broker: the letter stays open"
    assert [each["action"] for each in discarded.json()["actions"]] == ["replay", "discard"]

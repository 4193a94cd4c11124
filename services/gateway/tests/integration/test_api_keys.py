"""API keys: asked for once, remembered for a moment, and known to Redis as hashes only."""

import json
from collections.abc import Iterator
from secrets import token_urlsafe
from uuid import uuid4

import pytest
from crivo_web.identity import Identity, bearer, verify
from gateway_support.door import Door, Services, open_door
from gateway_support.organization import ACME, INTERNAL_KEY, VERIFY
from gateway_support.peers import breaking_off, listening, response, saying
from redis.asyncio import Redis

# Of this process alone: others have the same Redis, and spoil what they remember of theirs.
KEY_ID = str(uuid4())


@pytest.fixture
def key(services: Services) -> str:
    """A key nobody had before, so that Redis has not either."""
    text = f"crivo_{token_urlsafe(32)}"
    owner = {"id": KEY_ID, "organization_id": str(ACME), "role": "member"}
    services.organization.api_keys[text] = owner
    return text


@pytest.fixture
def silent_redis() -> Iterator[str]:
    """Takes connections, and says nothing."""
    with listening() as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


async def status(door: Door, key: str) -> int:
    answer = await door.http.get("/v1/jobs", headers={"Authorization": f"Bearer {key}"})
    return answer.status_code


async def test_a_key_speaks_for_its_organization(door: Door, key: str) -> None:
    assert await status(door, key) == 200
    (authorization,) = door.services.queue.arrived[0].all_of("authorization")
    assert verify(bearer(authorization), INTERNAL_KEY) == Identity(
        subject=KEY_ID, organization_id=ACME, role="member", issuer="gateway"
    )


async def test_a_key_is_asked_for_once_and_again_when_it_is_forgotten(
    door: Door, key: str, redis: Redis
) -> None:
    before = set(await redis.keys("crivo:api-key:*"))
    assert [await status(door, key) for _ in range(3)] == [200] * 3
    assert door.services.organization.asked(VERIFY) == 1
    del door.services.organization.api_keys[key]
    remembered = [
        name for name in set(await redis.keys("crivo:api-key:*")) - before
        if KEY_ID.encode() in (await redis.get(name) or b"")
    ]  # fmt: skip
    for name in remembered:
        assert key.encode() not in name
        assert key.encode() not in (await redis.get(name) or b"")
        assert 0 < await redis.ttl(name) <= 30
        await redis.delete(name)
    assert await status(door, key) == 401


async def test_an_unknown_key_is_refused_and_not_asked_for_again(door: Door) -> None:
    unknown = f"crivo_{token_urlsafe(32)}"
    assert [await status(door, unknown) for _ in range(3)] == [401] * 3
    assert door.services.organization.asked(VERIFY) == 1


async def test_a_key_longer_than_any_is_refused(door: Door) -> None:
    assert await status(door, f"crivo_{'x' * 600}{token_urlsafe(8)}") == 401


@pytest.mark.parametrize(
    "said",
    [{}, {"id": KEY_ID, "role": "member"}],
    ids=["nobody's", "no organization's"],
)
async def test_a_key_that_is_nobodys_is_refused(door: Door, said: dict[str, str]) -> None:
    verified = json.dumps({"active": True, **said}).encode()
    door.services.organization.broken = saying(response(200, verified))
    assert await status(door, f"crivo_{token_urlsafe(32)}") == 401


async def test_no_key_makes_its_bearer_a_service(door: Door, key: str) -> None:
    door.services.organization.api_keys[key]["role"] = "service"
    assert await status(door, key) == 503
    assert not door.services.queue.arrived


async def test_while_organization_is_away_known_keys_work_and_others_wait(
    door: Door, key: str
) -> None:
    assert await status(door, key) == 200
    organization = door.services.organization
    for broken in (breaking_off(b""), saying(response(500)), saying(response(200, b"<html>"))):
        organization.broken = broken
        assert await status(door, key) == 200
        answer = await door.http.get(
            "/v1/jobs", headers={"Authorization": f"Bearer crivo_{token_urlsafe(32)}"}
        )
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.headers["content-type"] == "application/problem+json"


async def test_without_redis_every_key_is_asked_for_and_everything_works(
    services: Services, key: str
) -> None:
    with listening() as listener:
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
    async with open_door(services, url) as door:
        assert [await status(door, key) for _ in range(2)] == [200, 200]
        assert services.organization.asked(VERIFY) == 2
        del services.organization.api_keys[key]
        assert await status(door, key) == 401


async def test_a_redis_that_hangs_is_done_without(
    services: Services, key: str, silent_redis: str
) -> None:
    async with open_door(services, silent_redis) as door:
        assert await status(door, key) == 200


async def test_what_somebody_else_wrote_into_redis_is_asked_anew(
    door: Door, key: str, redis: Redis
) -> None:
    assert await status(door, key) == 200
    for name in await redis.keys("crivo:api-key:*"):
        if KEY_ID.encode() in (await redis.get(name) or b""):
            await redis.set(name, b'{"active": true, "role": "emperor"}', ex=30)
    assert await status(door, key) == 200
    assert door.services.organization.asked(VERIFY) == 2

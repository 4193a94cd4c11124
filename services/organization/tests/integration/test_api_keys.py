"""The life of an API key, as the gateway sees it."""

from datetime import timedelta
from uuid import UUID, uuid4

from httpx import Response
from organization.bootstrap import Service
from organization_support.callers import Caller, Clock, bootstrapped


async def make(service: Service, organization_id: UUID, **body: str) -> dict[str, str]:
    owner = Caller(service, role="owner", organization_id=organization_id)
    answer = await owner.post("/v1/api-keys", {"name": "ci", **body})
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()
    return made


async def verify(service: Service, key: str) -> Response:
    gateway = Caller(service, role="service")
    return await gateway.post("/internal/v1/api-keys/verify", {"key": key})


async def test_a_key_says_whose_it_is_and_is_shown_once(service: Service) -> None:
    organization_id = await bootstrapped(service)
    made = await make(service, organization_id, role="admin")
    said = (await verify(service, made["key"])).json()
    assert said == {
        "active": True,
        "id": made["id"],
        "organization_id": str(organization_id),
        "role": "admin",
    }
    owner = Caller(service, role="owner", organization_id=organization_id)
    (listed,) = (await owner.get("/v1/api-keys")).json()["items"]
    assert "key" not in listed
    assert made["key"].rpartition("_")[2] not in str(listed)


async def test_an_organization_that_is_not_there_gets_neither_keys_nor_users(
    service: Service,
) -> None:
    owner = Caller(service, role="owner", organization_id=uuid4())
    key = await owner.post("/v1/api-keys", {"name": "ci"})
    user = await owner.post(
        "/v1/users",
        {"email": "bo@acme.example", "password": "correct horse battery", "role": "member"},
    )
    assert (key.status_code, user.status_code) == (404, 404), user.text


async def test_a_changed_unknown_or_foreign_key_opens_nothing(service: Service) -> None:
    made = await make(service, await bootstrapped(service))
    for key in (made["key"][:-1] + "!", f"crivo_{uuid4().hex}_x", "nonsense", ""):
        assert (await verify(service, key)).json()["active"] is False


async def test_a_revoked_key_opens_nothing_and_revoking_again_changes_nothing(
    service: Service, clock: Clock
) -> None:
    organization_id = await bootstrapped(service)
    made = await make(service, organization_id)
    owner = Caller(service, role="owner", organization_id=organization_id)
    assert (await owner.delete(f"/v1/api-keys/{made['id']}")).status_code == 204
    clock.now += timedelta(hours=1)
    assert (await owner.delete(f"/v1/api-keys/{made['id']}")).status_code == 204
    assert (await verify(service, made["key"])).json() == {
        "active": False, "id": None, "organization_id": None, "role": None,
    }  # fmt: skip
    (listed,) = (await owner.get("/v1/api-keys")).json()["items"]
    assert listed["revoked_at"] == listed["created_at"]


async def test_nobody_revokes_a_key_of_another_organization(service: Service) -> None:
    made = await make(service, await bootstrapped(service))
    stranger = Caller(service, role="owner", organization_id=uuid4())
    assert (await stranger.delete(f"/v1/api-keys/{made['id']}")).status_code == 404
    assert (await verify(service, made["key"])).json()["active"] is True


async def test_a_key_opens_until_it_expires(service: Service, clock: Clock) -> None:
    expiry = clock.now + timedelta(days=1)
    made = await make(service, await bootstrapped(service), expires_at=expiry.isoformat())
    assert (await verify(service, made["key"])).json()["active"] is True
    clock.now = expiry
    assert (await verify(service, made["key"])).json()["active"] is False


async def test_when_a_key_was_used_last_can_be_seen(service: Service, clock: Clock) -> None:
    organization_id = await bootstrapped(service)
    made = await make(service, organization_id)
    await verify(service, made["key"])
    used = clock.now
    clock.now += timedelta(seconds=30)
    await verify(service, made["key"])
    owner = Caller(service, role="owner", organization_id=organization_id)
    (listed,) = (await owner.get("/v1/api-keys")).json()["items"]
    assert listed["last_used_at"] == used.isoformat().replace("+00:00", "Z")

"""Access tokens, signed with real Ed25519 keys that their publisher changes, hides and forgets."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from gateway_support.door import Door
from gateway_support.organization import JWKS, SigningKey
from gateway_support.peers import Reply, breaking_off, hanging, response, saying

HOUR = timedelta(hours=1)


async def bearing(door: Door, token: str) -> httpx.Response:
    return await door.http.get("/v1/jobs", headers={"Authorization": f"Bearer {token}"})


async def status(door: Door, token: str) -> int:
    return (await bearing(door, token)).status_code


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": timedelta(minutes=-1)},
        {"iat": HOUR, "exp": 2 * HOUR},
        {"nbf": HOUR},
        {"aud": "crivo-internal"},
        {"aud": "somebody-else"},
        {"iss": "somebody-else"},
        {"role": "service"},
        {"role": "emperor"},
        {"role": ["owner"]},
        {"organization_id": "Acme"},
        {"organization_id": None},
        *({"without": claim} for claim in ("exp", "iat", "aud", "iss", "sub", "role")),
        {"without": "organization_id"},
        {"algorithm": "none"},
        {"algorithm": "HS256"},
    ],
    ids=str,
)
async def test_a_token_that_is_not_for_us_now_is_refused(
    door: Door, changes: dict[str, Any]
) -> None:
    answer = await bearing(door, door.services.organization.token(**changes))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert not door.services.queue.arrived


async def test_a_token_signed_by_another_under_a_known_name_is_refused(door: Door) -> None:
    assert await status(door, SigningKey("first").token()) == 401


async def test_a_token_whose_claims_were_exchanged_is_refused(door: Door) -> None:
    organization = door.services.organization
    head, _, signature = organization.token(role="member").split(".")
    claims = organization.token(role="owner").split(".")[1]
    assert await status(door, f"{head}.{claims}.{signature}") == 401


async def test_the_tokens_between_services_open_nothing_from_outside(door: Door) -> None:
    await bearing(door, door.services.organization.token())
    (inside,) = door.services.queue.arrived[0].all_of("authorization")
    assert await status(door, inside.removeprefix("Bearer ")) == 401


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Basic YW5hOmFuYQ==", "Bearer a.b.c", "Bearer x", "Bearer ..", "é"],
)
async def test_what_is_no_token_is_refused(door: Door, authorization: str) -> None:
    headers = [(b"Authorization", authorization.encode("latin-1"))]
    answer = await door.http.get("/v1/jobs", headers=headers)
    assert answer.status_code == 401


async def test_a_token_nested_deeper_than_any_is_refused(door: Door) -> None:
    deep = jwt.utils.base64url_encode(b"[" * 20_000).decode()
    assert await status(door, f"{deep}.{deep}.{deep}") == 401


async def test_keys_are_fetched_once_for_many(door: Door) -> None:
    organization = door.services.organization
    answers = await asyncio.gather(*(status(door, organization.token()) for _ in range(10)))
    assert set(answers) == {200}
    assert organization.asked(JWKS) == 1


async def test_a_new_key_is_found_and_the_old_one_forgotten(door: Door) -> None:
    organization = door.services.organization
    old = organization.token()
    assert await status(door, old) == 200
    organization.keys = [SigningKey("second")]
    door.clock.seconds += 11
    assert await status(door, organization.token()) == 200
    assert await status(door, old) == 401


async def test_unknown_keys_do_not_make_us_ask_all_the_time(door: Door) -> None:
    organization = door.services.organization
    assert await status(door, organization.token()) == 200
    for number in range(5):
        assert await status(door, SigningKey(f"made up {number}").token()) == 401
    assert organization.asked(JWKS) == 1
    door.clock.seconds += 11
    assert await status(door, SigningKey("made up").token()) == 401
    assert organization.asked(JWKS) == 2


@pytest.mark.parametrize(
    "broken",
    [
        breaking_off(b""),
        saying(response(500, b"{}")),
        saying(response(200, b"<html>")),
        saying(response(200, b"[]")),
        saying(response(200, b'{"keys": []}')),
    ],
    ids=["closed", "500", "not JSON", "no object", "no key"],
)
async def test_known_keys_go_on_working_while_their_publisher_is_away(
    door: Door, broken: Reply
) -> None:
    organization = door.services.organization
    assert await status(door, organization.token()) == 200
    organization.broken = broken
    door.clock.seconds += 3600
    assert await status(door, organization.token()) == 200
    assert organization.asked(JWKS) == 2


async def test_an_unknown_key_is_no_mistake_of_the_caller_while_nobody_can_be_asked(
    door: Door,
) -> None:
    organization = door.services.organization
    assert await status(door, organization.token()) == 200
    organization.broken = breaking_off(b"")
    door.clock.seconds += 11
    new = SigningKey("second")
    for _ in range(2):
        answer = await bearing(door, new.token())
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    organization.broken, organization.keys = None, [new]
    door.clock.seconds += 11
    assert await status(door, new.token()) == 200


async def test_before_the_first_fetch_nobody_is_let_in_and_the_next_one_tries_again(
    door: Door,
) -> None:
    organization = door.services.organization
    organization.broken = saying(response(503))
    assert (await door.http.get("/health/ready")).status_code == 503
    assert await status(door, organization.token()) == 503
    organization.broken = None
    assert await status(door, organization.token()) == 200
    ready = await door.http.get("/health/ready")
    assert (ready.status_code, ready.json()["checks"]) == (200, {"keys": "ok"})


async def test_nobody_with_a_known_key_waits_for_a_fetch_that_hangs(door: Door) -> None:
    organization = door.services.organization
    assert await status(door, organization.token()) == 200
    organization.broken = hanging
    door.clock.seconds += 3600
    first = asyncio.create_task(status(door, organization.token()))
    while (await organization.next()).target != JWKS or organization.asked(JWKS) < 2:
        pass
    assert await status(door, organization.token()) == 200
    assert not first.done()
    assert await first == 200


async def test_a_crowd_shares_one_fetch_that_fails(door: Door) -> None:
    organization = door.services.organization
    organization.broken = hanging
    answers = await asyncio.gather(*(status(door, organization.token()) for _ in range(5)))
    assert set(answers) == {503}
    assert organization.asked(JWKS) == 1


async def test_alive_is_alive_whoever_is_away(door: Door) -> None:
    door.services.organization.broken = breaking_off(b"")
    assert (await door.http.get("/health/live")).json() == {"status": "alive"}

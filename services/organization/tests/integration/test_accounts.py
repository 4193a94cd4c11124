"""Bootstrap, sessions and users, through the whole service on a real database."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import jwt
import pytest
from crivo_web.identity import Role
from organization.bootstrap import Service, open_service
from organization_support.callers import (
    BOOTSTRAP,
    EMAIL,
    PASSWORD,
    Caller,
    Clock,
    bootstrapped,
    settings,
)


async def sign_in(
    service: Service, email: str = EMAIL, password: str = PASSWORD
) -> tuple[int, str]:
    answer = await Caller(service).post("/v1/sessions", {"email": email, "password": password})
    return answer.status_code, answer.json().get("access_token", answer.json().get("detail"))


async def test_bootstrap_happens_once_however_many_ask_at_once(service: Service) -> None:
    answers = await asyncio.gather(
        *(Caller(service).post("/v1/bootstrap", BOOTSTRAP) for _ in range(4))
    )
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]


async def test_bootstrap_needs_its_token(service: Service) -> None:
    answer = await Caller(service).post("/v1/bootstrap", {**BOOTSTRAP, "token": "a guess"})
    assert answer.json()["detail"] == "The bootstrap token is wrong"
    assert answer.status_code == 401
    assert (await sign_in(service))[0] == 401


async def test_bootstrap_is_off_without_a_token(database_url: str, clock: Clock) -> None:
    async with open_service(settings(database_url, token=None), clock) as closed:
        answer = await Caller(closed).post("/v1/bootstrap", BOOTSTRAP)
    assert answer.status_code == 404
    assert "ORGANIZATION_BOOTSTRAP_TOKEN" in answer.json()["detail"]


@pytest.mark.parametrize("wrong", [{"password": "too short"}, {"email": "nobody"}])
async def test_a_bad_owner_makes_no_organization(service: Service, wrong: dict[str, str]) -> None:
    answer = await Caller(service).post("/v1/bootstrap", {**BOOTSTRAP, **wrong})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    await bootstrapped(service)


async def test_a_session_is_a_token_that_the_published_keys_verify(
    service: Service, clock: Clock
) -> None:
    organization_id = await bootstrapped(service)
    status, token = await sign_in(service, EMAIL.upper())
    assert status == 201
    jwks = (await Caller(service).get("/.well-known/jwks.json")).json()
    keys = jwt.PyJWKSet.from_dict(jwks)
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(
        token,
        key,
        ["EdDSA"],
        audience="crivo",
        issuer="crivo",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert claims["organization_id"] == str(organization_id)
    assert claims["role"] == "owner"
    assert claims["exp"] == int((clock.now + timedelta(minutes=15)).timestamp())


async def test_a_wrong_password_and_an_unknown_address_are_answered_alike(
    service: Service,
) -> None:
    await bootstrapped(service)
    wrong = await sign_in(service, password="not the password")
    assert wrong == await sign_in(service, email="bob@acme.example")
    assert wrong[0] == 401


async def test_guessing_is_slowed_down_and_forgiven_in_time(service: Service, clock: Clock) -> None:
    await bootstrapped(service)
    for _ in range(10):
        assert (await sign_in(service, password="a wrong guess"))[0] == 401
    answer = await Caller(service).post("/v1/sessions", {"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "900"
    clock.now += timedelta(minutes=15, seconds=1)
    assert (await sign_in(service))[0] == 201


async def test_a_new_user_can_sign_in_and_see_who_they_are(service: Service) -> None:
    organization_id = await bootstrapped(service)
    owner = Caller(service, role="owner", organization_id=organization_id)
    bob = {"email": "Bob@acme.example", "password": PASSWORD, "role": "admin"}
    made = await owner.post("/v1/users", bob)
    assert (made.status_code, made.json()["email"]) == (201, "bob@acme.example")
    assert (await owner.post("/v1/users", bob)).status_code == 409
    status, _ = await sign_in(service, "bob@acme.example")
    assert status == 201
    me = Caller(service, role="admin", organization_id=organization_id, subject=made.json()["id"])
    said = (await me.get("/v1/me")).json()
    assert (said["email"], said["organization"]["name"]) == ("bob@acme.example", "Acme")


async def test_users_are_listed_in_pages_and_only_ones_own(service: Service) -> None:
    organization_id = await bootstrapped(service)
    owner = Caller(service, role="owner", organization_id=organization_id)
    for number in range(3):
        await owner.post("/v1/users", {"email": f"u{number}@acme.example", "password": PASSWORD})
    first = (await owner.get("/v1/users", limit=3)).json()
    second = (await owner.get("/v1/users", limit=3, cursor=first["next_cursor"])).json()
    found = [each["email"] for each in [*first["items"], *second["items"]]]
    assert found == ["u2@acme.example", "u1@acme.example", "u0@acme.example", EMAIL]
    stranger = Caller(service, role="owner", organization_id=uuid4())
    assert (await stranger.get("/v1/users")).json()["items"] == []
    assert (await owner.get("/v1/users", cursor="nonsense")).status_code == 400


NOBODYS_KEY = "01a20daf-30b6-7044-9f23-0fe6e2256a24"

# What each role may do; every route that changes or lists something is here.
MATRIX: list[tuple[str, str, dict[str, str] | None, set[Role]]] = [
    ("GET", "/v1/me", None, {"owner", "admin", "member"}),
    ("GET", "/v1/users", None, {"owner", "admin"}),
    ("POST", "/v1/users", {"email": "x@acme.example", "password": PASSWORD}, {"owner", "admin"}),
    ("GET", "/v1/api-keys", None, {"owner", "admin"}),
    ("POST", "/v1/api-keys", {"name": "ci"}, {"owner", "admin"}),
    ("POST", "/v1/api-keys", {"name": "ci", "role": "owner"}, {"owner"}),
    ("DELETE", f"/v1/api-keys/{NOBODYS_KEY}", None, {"owner", "admin"}),
    ("POST", "/internal/v1/api-keys/verify", {"key": "x"}, {"service"}),
]


@pytest.mark.parametrize("role", ["owner", "admin", "member", "service"])
@pytest.mark.parametrize(("method", "path", "body", "allowed"), MATRIX)
async def test_each_role_may_do_what_the_matrix_says(
    service: Service,
    role: Role,
    method: str,
    path: str,
    body: dict[str, str] | None,
    allowed: set[Role],
) -> None:
    organization_id = await bootstrapped(service)
    caller = Caller(service, role=role, organization_id=organization_id)
    send = {"GET": caller.get, "DELETE": caller.delete}.get(method)
    answer = await (send(path) if send else caller.post(path, body))
    if path == "/v1/me":
        allowed = {*allowed, "service"}
    assert (answer.status_code != 403) == (role in allowed), answer.text


@pytest.mark.parametrize("path", ["/v1/me", "/v1/users", "/v1/api-keys"])
async def test_nobody_comes_in_without_an_identity(service: Service, path: str) -> None:
    answer = await Caller(service).get(path)
    assert answer.status_code == 401

"""Dead letters over HTTP: who sees which, with what hidden, and what can be done about them."""

from typing import Any
from uuid import UUID, uuid4

import aio_pika
import pytest
from crivo_messaging.postgres_dead_letters import PostgresDeadLetters
from crivo_observability.http import ASGIApp
from crivo_web.identity import Role
from dead_letters_support.callers import ORGANIZATION, QUEUE, a_caller, a_dead_letter
from httpx import Response

PATH = "/v1/dead-letters"


async def waiting(url: str) -> list[bytes]:
    connection = await aio_pika.connect(url)
    async with connection:
        queue = await (await connection.channel()).get_queue(QUEUE)
        bodies = []
        while message := await queue.get(no_ack=True, fail=False):
            bodies.append(message.body)
        return bodies


async def listed(caller: Any, **query: Any) -> list[str]:
    async with caller as client:
        return [each["id"] for each in (await client.get(PATH, params=query)).json()["items"]]


async def test_a_dead_letter_is_shown_with_its_secrets_redacted_and_replayed_with_them(
    service: ASGIApp, store: PostgresDeadLetters, vhost_url: str
) -> None:
    dead_letter = a_dead_letter()
    await store.add(dead_letter)
    async with a_caller(service) as caller:
        answers = [
            await caller.get(PATH),
            await caller.get(f"{PATH}/{dead_letter.id}"),
            await caller.post(f"{PATH}/{dead_letter.id}/replay"),
        ]
        again = await caller.post(f"{PATH}/{dead_letter.id}/replay")

    assert [each.status_code for each in answers] == [200, 200, 200]
    assert not any("hunter2" in each.text for each in answers)
    shown = answers[1].json()
    assert shown["body"] == {"token": "[redacted]", "number": 7}
    assert shown["headers"]["cloudEvents:type"] == "test.counted.v1"
    replayed = answers[2].json()
    assert replayed["state"] == "replayed"
    assert [(each["action"], each["by"]) for each in replayed["actions"]] == [("replay", "ana")]
    assert again.json() == replayed
    assert await waiting(vhost_url) == [dead_letter.body]


async def test_a_dead_letter_that_is_no_text_is_shown_all_the_same(
    service: ASGIApp, store: PostgresDeadLetters
) -> None:
    dead_letter = a_dead_letter(body=b'{"half a pair \\ud800": "\\udfff", "number": NaN}')
    await store.add(dead_letter)
    async with a_caller(service) as caller:
        answer = await caller.get(f"{PATH}/{dead_letter.id}")

    assert (answer.status_code, answer.json()["body"]) == (
        200,
        {"half a pair ?": "?", "number": None},
    )


async def test_dead_letters_are_listed_page_by_page_and_narrowed(
    service: ASGIApp, store: PostgresDeadLetters
) -> None:
    dead_letters = [a_dead_letter(minute=each) for each in range(3)]
    for dead_letter in dead_letters:
        await store.add(dead_letter)
    newest_first = [str(each.id) for each in reversed(dead_letters)]
    async with a_caller(service) as caller:
        first = (await caller.get(PATH, params={"limit": 2})).json()
        second = (await caller.get(PATH, params={"cursor": first["next_cursor"]})).json()
        discard = f"{PATH}/{dead_letters[0].id}/discard"
        await caller.post(discard, json={"reason": "a test"})

    assert [each["id"] for each in first["items"] + second["items"]] == newest_first
    assert second["next_cursor"] is None
    assert await listed(a_caller(service), state="open") == newest_first[:2]
    assert await listed(a_caller(service), state="discarded") == newest_first[2:]
    assert await listed(a_caller(service), queue=QUEUE, type="test.counted.v1") == newest_first
    assert await listed(a_caller(service), queue="another") == []
    assert await listed(a_caller(service), type="another") == []


@pytest.mark.parametrize(
    ("role", "organization_id", "seen"),
    [
        ("owner", ORGANIZATION, {"own", "none"}),
        ("admin", ORGANIZATION, {"own"}),
        ("owner", uuid4(), {"none"}),
    ],
)
async def test_a_caller_sees_and_touches_only_dead_letters_of_its_organization(
    service: ASGIApp,
    store: PostgresDeadLetters,
    vhost_url: str,
    role: Role,
    organization_id: UUID,
    seen: set[str],
) -> None:
    dead_letters = {
        "own": a_dead_letter(body=b"own"),
        "none": a_dead_letter(organization_id=None, body=b"none"),
    }
    for dead_letter in dead_letters.values():
        await store.add(dead_letter)
    assert set(await listed(a_caller(service, role, organization_id))) == {
        str(dead_letters[each].id) for each in seen
    }
    async with a_caller(service, role, organization_id) as caller:
        for name, dead_letter in dead_letters.items():
            path = f"{PATH}/{dead_letter.id}"
            for answer in (
                await caller.get(path),
                await caller.post(f"{path}/replay"),
                await caller.post(f"{path}/discard", json={"reason": "not mine"}),
            ):
                assert (answer.status_code == 404) is (name not in seen)
        many = await caller.post(f"{PATH}/replay", json={})
    assert many.json() == {"replayed": 0}
    assert set(await waiting(vhost_url)) == {each.encode() for each in seen}


@pytest.mark.parametrize("role", ["member", "service"])
async def test_members_and_services_have_no_business_here(
    service: ASGIApp, store: PostgresDeadLetters, role: Role
) -> None:
    dead_letter = a_dead_letter()
    await store.add(dead_letter)
    async with a_caller(service, role) as caller:
        answers = [
            await caller.get(PATH),
            await caller.get(f"{PATH}/{dead_letter.id}"),
            await caller.post(f"{PATH}/{dead_letter.id}/replay"),
            await caller.post(f"{PATH}/{dead_letter.id}/discard", json={"reason": "x"}),
            await caller.post(f"{PATH}/replay", json={}),
        ]
    assert [each.status_code for each in answers] == [403] * 5


async def test_many_are_replayed_up_to_a_limit(
    service: ASGIApp, store: PostgresDeadLetters, vhost_url: str
) -> None:
    for number in range(3):
        await store.add(a_dead_letter(minute=number, body=b"%d" % number))
    async with a_caller(service) as caller:
        counts = [
            (await caller.post(f"{PATH}/replay", json=wanted)).json()["replayed"]
            for wanted in ({"queue": "x"}, {"type": "x"}, {"limit": 2}, {"queue": QUEUE}, {})
        ]
    assert counts == [0, 0, 2, 1, 0]
    assert await waiting(vhost_url) == [b"0", b"1", b"2"]


async def test_a_discarded_dead_letter_says_who_and_why(
    service: ASGIApp, store: PostgresDeadLetters
) -> None:
    dead_letter = a_dead_letter()
    await store.add(dead_letter)
    path = f"{PATH}/{dead_letter.id}/discard"
    async with a_caller(service) as caller:
        refused = [await caller.post(path, json=each) for each in ({}, {"reason": ""})]
        discarded = (await caller.post(path, json={"reason": "sent by a test"})).json()
        again = await caller.post(path, json={"reason": "me too"})

    assert [each.status_code for each in refused] == [400, 400]
    (action,) = discarded["actions"]
    assert discarded["state"] == "discarded"
    assert (action["action"], action["by"], action["note"]) == ("discard", "ana", "sent by a test")
    assert (again.status_code, again.json()["detail"]) == (
        409,
        "The dead letter is already discarded",
    )


async def test_a_dead_letter_that_died_in_no_queue_of_ours_cannot_be_replayed(
    service: ASGIApp, store: PostgresDeadLetters
) -> None:
    dead_letter = a_dead_letter(queue="somebody.elses")
    await store.add(dead_letter)
    async with a_caller(service) as caller:
        answer = await caller.post(f"{PATH}/{dead_letter.id}/replay")
    assert_problem(answer, 409, "somebody.elses is not a queue of this service")


async def test_what_cannot_be_done_is_a_problem(service: ASGIApp) -> None:
    unknown = f"{PATH}/{uuid4()}"
    async with a_caller(service) as caller:
        for answer in (
            await caller.get(unknown),
            await caller.post(f"{unknown}/replay"),
            await caller.post(f"{unknown}/discard", json={"reason": "gone"}),
        ):
            assert_problem(answer, 404, "Dead letter not found")


def assert_problem(answer: Response, status: int, detail: str) -> None:
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["detail"]) == (status, status, detail)


@pytest.mark.parametrize(
    "query",
    ["cursor=x", "cursor=WzEsMl0", "queue=%00", "type=%00", "state=lost", "limit=0", "limit=201"],
)
async def test_a_query_nobody_can_mean_is_refused(service: ASGIApp, query: str) -> None:
    async with a_caller(service) as caller:
        assert (await caller.get(f"{PATH}?{query}")).status_code == 400

"""Deliveries are signed over the bytes that were sent, under an id that stays."""

import hashlib
import hmac
import json

import pytest
from simulators_support.receiver import Receiver
from simulators_support.site import HEAD, SHOP, Site

SECRET = "shared with the receiver"


async def hook(site: Site, receiver: Receiver) -> int:
    await site.host.create_repository(SHOP)
    made = await site.host.add_hook(SHOP, url=receiver.url, secret=SECRET)
    return int(made["id"])


async def test_headers_and_signature_are_those_of_github(site: Site, receiver: Receiver) -> None:
    hook_id = await hook(site, receiver)
    pull = await site.pull_request()
    ping, opened = receiver.got
    digests = {
        name: hmac.new(SECRET.encode(), opened.body, name).hexdigest()
        for name in ("sha1", "sha256")
    }
    sent = {
        name: value
        for name, value in opened.headers.items()
        if name not in ("host", "connection", "accept-encoding", "content-length")
    }
    assert sent == {
        "accept": "*/*",
        "content-type": "application/json",
        "user-agent": "GitHub-Hookshot/simulated",
        "x-github-delivery": site.host.catalogue.deliveries[-1]["id"],
        "x-github-event": "pull_request",
        "x-github-hook-id": str(hook_id),
        "x-github-hook-installation-target-id": str(pull["base"]["repo"]["id"]),
        "x-github-hook-installation-target-type": "repository",
        "x-hub-signature": f"sha1={digests['sha1']}",
        "x-hub-signature-256": f"sha256={digests['sha256']}",
    }
    assert ping.headers["x-github-event"] == "ping"
    assert json.loads(ping.body)["hook_id"] == hook_id


async def test_the_payload_is_utf_8_and_not_escaped(site: Site, receiver: Receiver) -> None:
    await hook(site, receiver)
    await site.host.push(SHOP, "main", files={"a": "x\n"})
    await site.host.push(SHOP, "topic", files={"a": "y\n"}, start="main")
    await site.host.open_pull_request(SHOP, head="topic", base="main", title="Preço: 5 €")
    assert '"title":"Preço: 5 €"'.encode() in receiver.got[-1].body


@pytest.mark.parametrize("body", [None, "Why: it was slow."])
async def test_a_pull_request_has_the_body_it_was_opened_with_or_null(
    site: Site, receiver: Receiver, body: str | None
) -> None:
    await hook(site, receiver)
    await site.host.push(SHOP, "main", files={"a": "x\n"})
    await site.host.push(SHOP, "topic", files={"a": "y\n"}, start="main")
    await site.host.open_pull_request(SHOP, head="topic", base="main", title="Speed", body=body)
    assert json.loads(receiver.got[-1].body)["pull_request"]["body"] == body
    assert (await site.get("/pulls/1")).json()["body"] == body


async def test_what_happens_to_a_pull_request_is_told(site: Site, receiver: Receiver) -> None:
    await hook(site, receiver)
    first = (await site.pull_request())["head"]["sha"]
    second = (await site.host.push(SHOP, "topic", files={"numbers.txt": HEAD + "more\n"}))["after"]
    for action in ("closed", "reopened", "ready_for_review"):
        await site.host.change_pull_request(SHOP, 1, action)
    told = [json.loads(each.body) for each in receiver.got[1:]]
    assert [each["action"] for each in told] == [
        "opened",
        "synchronize",
        "closed",
        "reopened",
        "ready_for_review",
    ]
    assert (told[1]["before"], told[1]["after"]) == (first, second)
    assert told[1]["pull_request"]["head"]["sha"] == second
    assert told[2]["pull_request"]["state"] == "closed"


async def test_one_event_has_one_id_for_every_hook_and_a_new_hook_alone_is_pinged(
    site: Site, receiver: Receiver
) -> None:
    await hook(site, receiver)
    await hook(site, receiver)
    assert [each.headers["x-github-event"] for each in receiver.got] == ["ping", "ping"]
    await site.pull_request()
    one, other = receiver.got[2:]
    assert one.headers["x-github-delivery"] == other.headers["x-github-delivery"]
    assert one.headers["x-github-hook-id"] != other.headers["x-github-hook-id"]


async def test_a_redelivery_is_the_same_to_the_byte(site: Site, receiver: Receiver) -> None:
    await hook(site, receiver)
    receiver.status = 503
    await site.pull_request()
    (failed,) = [d for d in site.host.catalogue.deliveries if d["event"] == "pull_request"]
    assert (failed["status"], failed["redelivery"]) == (503, False)

    receiver.status = 202
    answer = await site.http.post("/_control/redeliver", json={"delivery_id": failed["id"]})
    assert (answer.json()["status"], answer.json()["redelivery"]) == (202, True)
    first, again = receiver.got[1:]
    assert first.body == again.body
    assert first.headers == again.headers


async def test_an_event_nobody_asked_for_is_not_delivered(site: Site, receiver: Receiver) -> None:
    await site.host.create_repository(SHOP)
    await site.host.add_hook(SHOP, url=receiver.url, secret=SECRET, events=["issues"])
    await site.pull_request()
    assert len(receiver.got) == 1


async def test_a_receiver_that_is_away_fails_the_delivery_and_nothing_else(site: Site) -> None:
    await site.host.create_repository(SHOP)
    await site.host.add_hook(SHOP, url="http://127.0.0.1:1/hook", secret=SECRET)
    await site.pull_request()
    delivery = site.host.catalogue.deliveries[-1]
    assert (delivery["status"], delivery["response"]) == (None, "ConnectError")


async def test_hooks_are_listed_without_their_secrets(site: Site, receiver: Receiver) -> None:
    hook_id = await hook(site, receiver)
    answer = await site.get("/hooks")
    assert [each["id"] for each in answer.json()] == [hook_id]
    assert SECRET not in answer.text


async def test_a_delivery_nobody_sent_cannot_be_redelivered(site: Site) -> None:
    answer = await site.http.post("/_control/redeliver", json={"delivery_id": "none"})
    assert answer.status_code == 404


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
async def test_a_changed_byte_changes_both_signatures(
    site: Site, receiver: Receiver, digest: str
) -> None:
    await hook(site, receiver)
    received = receiver.got[0]
    name = {"sha1": "x-hub-signature", "sha256": "x-hub-signature-256"}[digest]
    changed = hmac.new(SECRET.encode(), received.body + b" ", digest).hexdigest()
    assert received.headers[name] != f"{digest}={changed}"
    assert len(received.headers[name]) == len(digest) + 1 + hashlib.new(digest).digest_size * 2


async def test_a_restart_forgets_nothing(site: Site, receiver: Receiver) -> None:
    await hook(site, receiver)
    await site.pull_request()
    deliveries = (await site.http.get("/_control/deliveries")).json()
    again = type(site.host.catalogue)(site.host.catalogue.git(SHOP).folder.parents[1])
    assert again.deliveries == deliveries
    assert again.pull(SHOP, 1)["title"] == "Numbers"
    assert again.new_id() == site.host.catalogue.new_id()

"""What a pull request says of itself is bounded, and made fit to store, where it comes in."""

import json
from collections.abc import Callable
from typing import TypeAlias

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from platform_integration.application.ports import HostAway, HostPullRequest
from platform_integration.domain.webhook import InvalidDelivery, PullRequestNotice
from platform_integration.infrastructure import github_text
from platform_integration.infrastructure.github_payload import read_notice, read_pull_request
from platform_integration.infrastructure.github_text import MOST_DESCRIPTION, MOST_TITLE
from platform_integration_support.builders import BASE, HEAD, HOST_REPOSITORY, a_payload
from platform_integration_support.comments import a_comment_payload

Read: TypeAlias = Callable[[bytes], PullRequestNotice | HostPullRequest]


def told(payload: bytes) -> PullRequestNotice:
    notice = read_notice("pull_request", payload)
    assert isinstance(notice, PullRequestNotice)
    return notice


def shown(payload: bytes) -> HostPullRequest:
    """The API answers with what webhooks carry as `pull_request`."""
    return read_pull_request(json.dumps(json.loads(payload)["pull_request"]).encode())


@pytest.mark.parametrize("read", [told, shown])
@pytest.mark.parametrize(
    ("body", "description"),
    [
        (None, None),
        ("", None),
        ("\0", None),
        ("Why:\r\n\r\n- 🙂 café", "Why:\r\n\r\n- 🙂 café"),
        ("a\0b", "ab"),
        ("x" * MOST_DESCRIPTION, "x" * MOST_DESCRIPTION),
        ("x" * 65_536, "x" * (MOST_DESCRIPTION - 1) + "…"),
        ("\0" * 60_000 + "x" * MOST_DESCRIPTION, "x" * MOST_DESCRIPTION),
    ],
    ids=["null", "empty", "nothing else", "usual", "NUL", "longest", "too long", "long by NULs"],
)
def test_a_description_is_what_can_be_stored_of_the_body_up_to_the_bound(
    read: Read, body: str | None, description: str | None
) -> None:
    assert read(a_payload(body=body)).description == description


def test_a_payload_without_a_body_has_no_description() -> None:
    payload = json.loads(a_payload())
    del payload["pull_request"]["body"]
    assert told(json.dumps(payload).encode()).description is None


@pytest.mark.parametrize("read", [told, shown])
@pytest.mark.parametrize(
    ("title", "kept"),
    [("a\0b", "ab"), ("y" * 10_000, "y" * (MOST_TITLE - 1) + "…"), ("👍" * 256, "👍" * 256)],
    ids=["NUL", "too long", "as long as a code host allows"],
)
def test_a_title_is_treated_as_a_description_is(read: Read, title: str, kept: str) -> None:
    assert read(a_payload(title=title)).title == kept


@given(st.text(st.characters() | st.sampled_from("\0\ud83d\udfff"), max_size=600))
@example("half \ud83d, other half \udfff, whole \U0001f642, NUL \0")
def test_whatever_the_text_it_can_be_stored_and_sent(text: str) -> None:
    for kept in (github_text.title(text), github_text.description(text) or ""):
        assert "\0" not in kept
        kept.encode()


@pytest.mark.parametrize("field", [{"title": "cut \ud83d"}, {"body": "cut \ud83d"}])
def test_half_a_surrogate_pair_is_refused_at_the_door(field: dict[str, str]) -> None:
    with pytest.raises(InvalidDelivery):
        told(a_payload(**field))


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("pull_request", a_payload("open\0ed")),
        ("pull_request", a_payload(repository={"id": HOST_REPOSITORY, "full_name": "a\0/b"})),
        ("pull_request", a_payload().replace(b'"mona"', b'"mo\\u0000na"')),
        ("pull_request", a_payload().replace(b'"main"', b'"ma\\u0000in"')),
        ("pull_request", a_payload().replace(HEAD.encode(), b"\\u0000")),
        ("pull_request", a_payload().replace(BASE.encode(), b"\\u0000")),
        ("pull_request", a_payload().replace(b"/pull/7", b"/pull/7\\u0000")),
        ("issue_comment", a_comment_payload(user={"login": "an\0a"})),
    ],
    ids=["action", "repository", "author", "branch", "head", "base", "url", "who commented"],
)
def test_a_name_with_a_nul_is_refused_at_the_door(event: str, payload: bytes) -> None:
    with pytest.raises(InvalidDelivery):
        read_notice(event, payload)


def test_an_answer_of_the_api_with_a_nul_in_a_name_is_none() -> None:
    with pytest.raises(HostAway):
        shown(a_payload().replace(b'"mona"', b'"mo\\u0000na"'))

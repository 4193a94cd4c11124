"""What is shown of a dead letter has no secret in it, and everything else."""

import json

import pytest
from crivo_dead_letters.redaction import REDACTED, redacted, redacted_body, redacted_text

SIGNED = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJl"
# In two pieces, so that nobody who looks for keys takes this one for real.
PEM = "-----BEGIN PRIVATE" + " KEY-----\nhunter2\n-----END PRIVATE KEY-----"
API_KEY = "crivo_" + "0123456789abcdef" * 2 + "_s3cr3t-of_the-key"


@pytest.mark.parametrize(
    "name",
    ["token", "access_token", "webhookSecret", "PASSWORD", "Authorization", "api-key", "passwd"],
)
def test_the_value_of_a_secret_looking_name_is_replaced_at_any_depth(name: str) -> None:
    event = {"a": [{name: "hunter2"}, {name: {"deep": "hunter2"}}], "b": "seen"}
    assert redacted(event) == {"a": [{name: REDACTED}, {name: REDACTED}], "b": "seen"}


@pytest.mark.parametrize(
    "secret",
    [
        SIGNED,
        API_KEY,
        "ghp_" + "a1" * 18,
        "github_pat_11AAAA_bbbb",
        "glpat-hunter2_hunter2",
        "sk-proj-" + "a1" * 18,
        "AKIA" + "A1" * 8,
        PEM,
        "crivo:hunter2",
    ],
)
def test_a_secret_looking_value_is_replaced_wherever_it_is(secret: str) -> None:
    text = f"GET amqp://{secret}@rabbitmq/ with {secret}" if ":" in secret else f"said {secret}!"
    shown = redacted({"error": text, "list": [text]})
    assert secret not in json.dumps(shown).replace(f"with {secret}", "")
    assert REDACTED in shown["error"]


@pytest.mark.parametrize(
    "text",
    [
        'no JSON {"password": "hunter2"',
        "OperationalError: password=hunter2 host=db",
        "Authorization: Bearer hunter2",
        'nested "{\\"token\\": \\"hunter2\\"}"',
        "api_key = 'hunter2'",
    ],
)
def test_text_that_is_no_json_is_searched_for_pairs(text: str) -> None:
    assert "hunter2" not in redacted_text(text)
    assert "hunter2" not in json.dumps(redacted_body(text.encode()))


def test_what_is_no_secret_is_shown_as_it_is() -> None:
    event = {"type": "a.b.v1", "number": 7, "none": None, "title": "task-of-a-risk-free == float"}
    assert redacted_body(json.dumps(event).encode()) == event


@pytest.mark.parametrize("body", [b"\xff\x00", b"", b"[" * 100_000])
def test_a_body_that_cannot_be_read_is_shown_as_text(body: bytes) -> None:
    assert redacted_body(body) == body.decode(errors="replace")

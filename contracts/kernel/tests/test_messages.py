"""What holds for every event and command, whoever publishes it."""

import json
import re
from collections import Counter

import pytest
from catalogue import ROOT, Entry, entries
from crivo_contracts.event import Failure
from pydantic import ValidationError

TYPE = re.compile(r"(?P<publisher>[a-z_]+)\.[a-z]+(_[a-z]+)*\.v[1-9][0-9]*")
MESSAGES = entries()

every_message = pytest.mark.parametrize("entry", MESSAGES, ids=lambda entry: entry.type)


def test_each_type_belongs_to_one_class() -> None:
    assert [kind for kind, times in Counter(e.type for e in MESSAGES).items() if times > 1] == []


@every_message
def test_a_type_is_publisher_name_and_version(entry: Entry) -> None:
    matched = TYPE.fullmatch(entry.type)

    assert matched
    assert matched["publisher"] == entry.publisher.replace("-", "_")
    assert entry.body.__module__.split(".")[0] == f"{matched['publisher']}_contracts"


@every_message
def test_a_type_is_a_literal_so_that_another_message_is_refused(entry: Entry) -> None:
    other = {**_complete(entry), "type": f"{entry.type}0"}

    with pytest.raises(ValidationError, match="type"):
        entry.body.model_validate(other)


@every_message
def test_fields_of_a_later_version_are_ignored_at_every_depth(entry: Entry) -> None:
    known = _complete(entry)

    assert entry.body.model_validate(_with_news(known)) == entry.body.model_validate(known)


@every_message
def test_commands_are_mandatory_because_their_sender_waits_for_the_outcome(entry: Entry) -> None:
    assert entry.body.mandatory or not entry.is_command


def test_an_error_class_that_nobody_knows_yet_is_readable() -> None:
    assert Failure(error_class="quota_exceeded", reason="later").error_class == "quota_exceeded"


def _complete(entry: Entry) -> dict[str, object]:
    sample: dict[str, object] = json.loads((ROOT / entry.samples / "complete.json").read_text())
    return sample


def _with_news(value: object) -> object:
    if isinstance(value, dict):
        return {"since_later": 1} | {name: _with_news(inner) for name, inner in value.items()}
    return [_with_news(each) for each in value] if isinstance(value, list) else value

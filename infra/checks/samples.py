"""Samples: what was published must parse for ever, and together they show every field."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from catalogue import ROOT, Entry
from pydantic import BaseModel, ValidationError

REQUIRED = "only-required.json"
NOTHING: tuple[object, ...] = (None, (), {})


def faults(entry: Entry) -> Iterator[str]:
    """What is wrong with the samples of one message; a consumer's own only have to parse."""
    complete: list[BaseModel] = []
    required: list[BaseModel] = []
    for file in sorted((ROOT / entry.samples).glob("*.json")):
        name = f"{entry.samples}/{file.name}"
        try:
            message = entry.body.model_validate_json(file.read_bytes())
        except ValidationError as refusal:
            yield f"{name} is refused by its class: {_reasons(refusal)}"
            continue
        if file.name.startswith("for-"):
            continue
        if json.loads(file.read_bytes()) != message.model_dump(mode="json", exclude_unset=True):
            yield f"{name} is not as publishers write it: unknown fields, or values in another form"
        (required if file.name == REQUIRED else complete).append(message)
    if not required:
        yield f"{entry.samples} has no {REQUIRED} that parses"
    if needless := _set_without_need(required):
        yield f"{entry.samples}/{REQUIRED} sets what is optional: {', '.join(sorted(needless))}"
    if unseen := _never_set(entry, complete):
        yield f"{entry.samples}: no complete sample sets {', '.join(sorted(unseen))}"


def _reasons(refusal: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in refusal.errors()
    )


def _set_without_need(messages: list[BaseModel]) -> set[str]:
    return {
        f"{type(part).__name__}.{name}"
        for part in _parts(messages)
        for name in part.model_fields_set - {"type"}
        if not type(part).model_fields[name].is_required()
    }


def _never_set(entry: Entry, messages: list[BaseModel]) -> set[str]:
    shown: dict[type[BaseModel], set[str]] = defaultdict(set, {entry.body: set()})
    for part in _parts(messages):
        shown[type(part)] |= {n for n in part.model_fields_set if getattr(part, n) not in NOTHING}
    return {
        f"{body.__name__}.{name}"
        for body, names in shown.items()
        for name in body.model_fields.keys() - names
    }


def _parts(value: Any) -> Iterator[BaseModel]:
    if isinstance(value, BaseModel):
        yield value
        for name in type(value).model_fields:
            yield from _parts(getattr(value, name))
    elif isinstance(value, dict):
        yield from _parts(list(value.values()))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _parts(each)

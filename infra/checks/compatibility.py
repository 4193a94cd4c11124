"""What a change of a message's JSON Schema breaks: everything but an added optional field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

FOR_PEOPLE = {"title", "description", "examples", "deprecated"}
CHOICE = ("anyOf", "oneOf")
LOWEST = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
HIGHEST = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}
FOLLOWED = {"properties", "items", "prefixItems", "patternProperties", "propertyNames"}
ELSEWHERE = {"$defs", "discriminator", "required", "default", "enum", "const", *CHOICE}
NULL = {"type": "null"}

IN_FLIGHT = "a message in flight would be refused"
CONSUMERS = "a consumer that relies on it would break"
OLDER = "a consumer that does not know it yet would refuse the message"


def breaking(old: Schema, new: Schema) -> list[str]:
    """Say what would hurt a consumer, or a message already in flight."""
    comparison = _Comparison(old.get("$defs", {}), new.get("$defs", {}))
    return list(comparison.of(old, new, "", frozenset()))


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Follows references, because a changed part breaks every message that contains it."""

    old_definitions: Schema
    new_definitions: Schema

    def of(self, old: Any, new: Any, at: str, above: frozenset[str]) -> Iterator[str]:
        pair = f"{old} {new}"
        if pair in above:  # a part that contains parts of its own kind
            return
        old, new = _resolved(old, self.old_definitions), _resolved(new, self.new_definitions)
        inner = _choices(old, new, at)
        if inner is None:
            yield from _one_shape(old, new, at)
            inner = _parts(old, new, at)
        for where, before, after in inner:
            if before is None or after is None:
                harm = OLDER if before is None else IN_FLIGHT
                yield f"{where} is {'a new' if before is None else 'no longer a'} shape: {harm}"
            else:
                yield from self.of(before, after, where, above | {pair})


def _resolved(schema: Any, definitions: Schema) -> Schema:
    if isinstance(schema, bool):  # JSON Schema's short forms of anything and nothing
        return {} if schema else {"not": {}}
    beside: Schema = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
    if "$ref" not in schema:
        return beside
    return {**definitions[schema["$ref"].removeprefix("#/$defs/")], **beside}


Pair: TypeAlias = tuple[str, Any, Any]


def _choices(old: Schema, new: Schema, at: str) -> list[Pair] | None:
    """The shapes a value may have, each beside its successor; None when it has only one."""
    if not any(keyword in schema for schema in (old, new) for keyword in CHOICE):
        return None
    where = at or "the message"
    before, after = _shapes(old), _shapes(new)
    pairs: list[Pair] = []
    if NULL in before or NULL in after:
        was, now = (NULL if NULL in shapes else None for shapes in (before, after))
        pairs.append((f"null for {where}", was, now))
    before, after = ([s for s in shapes if s != NULL] for shapes in (before, after))
    several = max(len(before), len(after)) > 1
    for number, (was, now) in enumerate(zip_longest(before, after), 1):
        pairs.append((f"choice {number} for {where}" if several else where, was, now))
    return pairs


def _shapes(schema: Schema) -> list[Any]:
    for keyword in CHOICE:
        if keyword in schema:
            return list(schema[keyword])
    return [{keyword: value for keyword, value in schema.items() if keyword != "default"}]


def _parts(old: Schema, new: Schema, at: str) -> list[Pair]:
    """The values inside a value, but not the fields that only one side has."""
    before, after = _named_parts(old), _named_parts(new)
    fields = old.get("properties", {}).keys() ^ new.get("properties", {}).keys()
    return [
        (f"{at}{name}".lstrip("."), before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if name.removeprefix(".") not in fields
    ]


def _named_parts(schema: Schema) -> dict[str, Any]:
    parts = {f".{name}": part for name, part in schema.get("properties", {}).items()}
    parts |= {f"[{n}]": part for n, part in enumerate(schema.get("prefixItems", []))}
    parts |= {f"[/{p}/]": part for p, part in schema.get("patternProperties", {}).items()}
    rest = {"[]": "items", "[*]": "additionalProperties", "[name]": "propertyNames"}
    parts |= {name: schema[keyword] for name, keyword in rest.items() if keyword in schema}
    return {name: part for name, part in parts.items() if part is not False}


def _one_shape(old: Schema, new: Schema, at: str) -> Iterator[str]:
    where = at or "the message"
    if old.get("type") != new.get("type"):
        yield f"{where} was {_shown(old, 'type')} and is {_shown(new, 'type')}: {CONSUMERS}"
        return
    yield from _fields(old, new, at)
    yield from _values(old, new, where)
    yield from _limits(old, new, where)
    refuses, refused = (s.get("additionalProperties") is False for s in (new, old))
    if refuses and not refused:
        yield f"{where} refuses unknown fields: the next optional field would break it"
    known = FOR_PEOPLE | FOLLOWED | ELSEWHERE | LOWEST | HIGHEST | {"additionalProperties"}
    for keyword in sorted((old.keys() | new.keys()) - known):
        if old.get(keyword) != new.get(keyword):
            was, now = _shown(old, keyword), _shown(new, keyword)
            yield f"{where}: {keyword} was {was} and is {now}: {CONSUMERS}"


def _fields(old: Schema, new: Schema, at: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    needed, needs = set(old.get("required", [])), set(new.get("required", []))
    for name in sorted(before.keys() | after.keys()):
        field = f"{at}.{name}".lstrip(".")
        if name not in after:
            yield f"{field} was removed: {CONSUMERS}"
        elif name in needs - needed:
            how = "newly required" if name in before else "new and required"
            yield f"{field} is {how}: {IN_FLIGHT} if it has none"
        elif name in needed - needs:
            yield f"{field} is no longer required: {CONSUMERS} when it is absent"
        elif name in before and name not in needs:
            was, now = _shown(before[name], "default"), _shown(after[name], "default")
            if was != now:
                yield f"{field}, when absent, meant {was} and means {now}: {CONSUMERS}"


def _values(old: Schema, new: Schema, where: str) -> Iterator[str]:
    before, after = _closed(old), _closed(new)
    if before is None and after is not None:
        yield f"{where} allows only {_listed(after)} now: {IN_FLIGHT} if it has another value"
    elif before is not None and after is None:
        yield f"{where} allows more than {_listed(before)} now: {OLDER}"
    elif before is not None and after is not None:
        if before - after:
            yield f"{where} no longer allows {_listed(before - after)}: {IN_FLIGHT} if it has that"
        if after - before:
            yield f"{where} also allows {_listed(after - before)}: {OLDER}"


def _closed(schema: Schema) -> set[str] | None:
    values = schema.get("enum", [schema["const"]] if "const" in schema else None)
    return None if values is None else {repr(value) for value in values}


def _listed(values: set[str]) -> str:
    return ", ".join(sorted(values))


def _limits(old: Schema, new: Schema, where: str) -> Iterator[str]:
    for keyword in sorted(LOWEST | HIGHEST):
        was, now = old.get(keyword), new.get(keyword)
        if was == now:
            continue
        if was is None or now is None:
            tighter = was is None
        else:
            tighter = now > was if keyword in LOWEST else now < was
        change = f"{where}: {keyword} was {_shown(old, keyword)} and is {_shown(new, keyword)}"
        yield f"{change}: {f'{IN_FLIGHT} if it is beyond' if tighter else OLDER}"


def _shown(schema: Schema, keyword: str) -> str:
    return repr(schema[keyword]) if keyword in schema else "nothing"

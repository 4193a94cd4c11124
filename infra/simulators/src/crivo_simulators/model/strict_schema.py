"""Which JSON schemas are taken with `strict`: https://platform.openai.com/docs/guides/structured-outputs"""

from collections.abc import Iterator
from typing import Any, TypeAlias

from crivo_simulators.model.refusals import invalid

Json: TypeAlias = dict[str, Any]
Context: TypeAlias = tuple[str, ...]
NOT_PERMITTED = (
    "allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas",
    "default", "patternProperties", "propertyNames", "minProperties", "maxProperties",
    "unevaluatedProperties", "unevaluatedItems", "contains", "minContains", "maxContains",
    "uniqueItems",
)  # fmt: skip
FORMATS = (
    "date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid",
)  # fmt: skip
MOST_LEVELS = 50


def check_strict(schema: Json, subject: str, param: str) -> None:
    """Raise Refused unless a strict server would take it; `subject` is whose schema it is."""
    problem = next(_problems(schema, ()), None)
    if schema.get("type") != "object":
        problem = (), f"schema must be of 'type: \"object\"', got {schema.get('type')!r}"
    if problem:
        context, why = problem
        raise invalid(f"Invalid schema for {subject}: In context={context!r}, {why}.", param)


def _problems(schema: Any, context: Context) -> Iterator[tuple[Context, str]]:
    if not isinstance(schema, dict):
        yield context, "a schema has to be an object"
        return
    if len(context) > MOST_LEVELS:
        yield context, "the schema is nested too deeply"
        return
    for name in NOT_PERMITTED:
        if name in schema:
            yield context, f"'{name}' is not permitted"
    if schema.get("format") not in (None, *FORMATS):
        yield context, f"{schema['format']!r} is not a valid format"
    if schema.get("type") == "array" and "items" not in schema:
        yield context, "array schema missing items"
    if _is_object(schema):
        yield from ((context, why) for why in _object_problems(schema))
    for step, nested in _nested(schema):
        yield from _problems(nested, (*context, *step))


def _object_problems(schema: Json) -> Iterator[str]:
    if schema.get("additionalProperties") is not False:
        yield "'additionalProperties' is required to be supplied and to be false"
    required, properties = schema.get("required"), schema.get("properties", {})
    rule = "'required' is required to be supplied and to be an array including every property"
    if not isinstance(required, list):
        yield rule
    elif absent := [name for name in properties if name not in required]:
        yield f"{rule}. Missing {absent[0]!r}"
    elif extra := [name for name in required if name not in properties]:
        yield f"{rule}. Extra required key {extra[0]!r} supplied"


def _nested(schema: Json) -> Iterator[tuple[Context, Any]]:
    for name in ("properties", "$defs", "definitions"):
        named = schema.get(name, {})
        if isinstance(named, dict):
            yield from (((name, key), nested) for key, nested in named.items())
        else:
            yield (name,), named
    choices = schema.get("anyOf", [])
    if isinstance(choices, list):
        yield from ((("anyOf", str(place)), nested) for place, nested in enumerate(choices))
    else:
        yield ("anyOf",), choices
    if "items" in schema:
        yield ("items",), schema["items"]


def _is_object(schema: Json) -> bool:
    kind = schema.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind)

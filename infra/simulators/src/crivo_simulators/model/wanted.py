"""In what form a request wants its answer: words, JSON of a schema, or a call of a function."""

import re
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from crivo_simulators.model.refusals import invalid, invalid_type, invalid_value, missing
from crivo_simulators.model.strict_schema import check_strict

Json: TypeAlias = dict[str, Any]
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """`forced` when the request names it."""

    name: str
    parameters: Json
    forced: bool


def schema_of(body: Json, prompt: str) -> Json | None:
    """None when any words will do."""
    wanted = body.get("response_format")
    if wanted is None:
        return None
    kind = _object(wanted, "response_format").get("type")
    if kind == "json_object" and "json" not in prompt.lower():
        raise invalid(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of"
            " type 'json_object'.",
            "messages",
        )
    if kind in ("text", "json_object"):
        return None
    if kind != "json_schema":
        raise invalid_value("response_format.type", "text, json_object or json_schema")
    described = _object(wanted.get("json_schema"), "response_format.json_schema")
    name = _name(described, "response_format.json_schema.name")
    schema = _object(described.get("schema"), "response_format.json_schema.schema")
    if described.get("strict"):
        check_strict(schema, f"response_format '{name}'", "response_format")
    return schema


def tool_of(body: Json) -> Tool | None:
    """The function to call with the answer; None when there is none to call."""
    tools, choice = body.get("tools"), body.get("tool_choice")
    if tools is None:
        if choice is not None:
            raise invalid(
                "'tool_choice' is only allowed when 'tools' are specified.", "tool_choice"
            )
        return None
    if not isinstance(tools, list) or not tools:
        raise invalid("[] is too short - 'tools'", "tools", "empty_array")
    functions = [_function(each, f"tools[{position}]") for position, each in enumerate(tools)]
    if choice == "none":
        return None
    if choice in (None, "auto", "required"):
        return functions[0]
    named = _object(_object(choice, "tool_choice").get("function"), "tool_choice.function")
    for function in functions:
        if function.name == named.get("name"):
            return replace(function, forced=True)
    raise invalid("The tool of 'tool_choice' is not in the 'tools' parameter.", "tool_choice")


def _function(tool: Any, param: str) -> Tool:
    if _object(tool, param).get("type") != "function":
        raise invalid_value(f"{param}.type", "function")
    function = _object(tool.get("function"), f"{param}.function")
    name = _name(function, f"{param}.function.name")
    parameters = _object(function.get("parameters", {}), f"{param}.function.parameters")
    if function.get("strict"):
        check_strict(parameters, f"function '{name}'", f"{param}.function.parameters")
    return Tool(name=name, parameters=parameters, forced=False)


def _name(of: Json, param: str) -> str:
    name = of.get("name")
    if name is None:
        raise missing(param)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise invalid_value(param, "a string that matches ^[a-zA-Z0-9_-]{1,64}$")
    return name


def _object(value: Any, param: str) -> Json:
    if value is None:
        raise missing(param)
    if not isinstance(value, dict):
        raise invalid_type(param, "an object")
    return value

"""A model's server, asked over HTTP as a program would ask it."""

from copy import deepcopy
from typing import Any, TypeAlias

from crivo_simulators.model_server import ModelServer
from httpx import AsyncClient, Response

Json: TypeAlias = dict[str, Any]
KEY = "sk-of-the-tests"
FINDINGS = {
    "type": "object",
    "properties": {
        "findings": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"path": {"type": "string"}, "line": {"type": "integer"}},
                "required": ["path", "line"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["findings"],
    "additionalProperties": False,
}
# One removed line, one added, and one of the surroundings.
PROMPT = """Review this.

path: "shop/money.py"
     7   def half(cents: int) -> int:
       -     return cents // 2
     8 +     return cents / 2

path: "shop/\\"odd\\".py"
    12 +     return cents / 2
"""


class Provider:
    def __init__(self, server: ModelServer, http: AsyncClient) -> None:
        self.server = server
        self.http = http

    async def ask(self, prompt: str = PROMPT, **changes: Any) -> Response:
        return await self.http.post("/v1/chat/completions", json=request(prompt, **changes))

    async def said(self, prompt: str = PROMPT, **changes: Any) -> str:
        """Its words, in a completion that is whole."""
        choice = choice_of(await self.ask(prompt, **changes))
        assert choice["finish_reason"] == "stop"
        text: str = choice["message"]["content"]
        return text

    async def fail(self, **fault: Any) -> Response:
        return await self.http.post("/_control/faults", json=fault)

    async def calls(self) -> list[Json]:
        found: list[Json] = (await self.http.get("/_control/calls")).json()
        return found


def request(prompt: str = PROMPT, **changes: Any) -> Json:
    """As a reviewer asks; a change to None leaves that field out."""
    body = {
        "model": "crivo-large",
        "messages": [
            {"role": "system", "content": "You review changes."},
            {"role": "user", "content": prompt},
        ],
        "response_format": wanted(FINDINGS),
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def wanted(schema: Json, **changes: Any) -> Json:
    described = {"name": "review", "schema": schema, "strict": True, **changes}
    return {"type": "json_schema", "json_schema": described}


def tool(**changes: Any) -> Json:
    function = {"name": "final_result", "parameters": FINDINGS, "strict": True, **changes}
    return {"type": "function", "function": function}


def schema(*path: str, **changes: Any) -> Json:
    """The findings' schema with changes to the part of it at `path`; None takes a keyword out."""
    changed: Json = deepcopy(FINDINGS)
    part = changed
    for step in path:
        part = part[step]
    for name, value in changes.items():
        if value is None:
            del part[name]
        else:
            part[name] = value
    return changed


def choice_of(answer: Response) -> Json:
    assert answer.status_code == 200, answer.text
    (choice,) = answer.json()["choices"]
    found: Json = choice
    return found


def error_of(answer: Response, status: int = 400) -> Json:
    """Of a refusal in the shape that clients read."""
    assert answer.status_code == status, answer.text
    error: Json = answer.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["message"]
    return error

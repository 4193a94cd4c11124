"""Every versioned message of the contract packages, found by importing them."""

import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from crivo_contracts.event import Command, Message, wire_type

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One version of a message, and the publisher whose promise it is."""

    publisher: str
    body: type[Message]
    exchange: str

    @property
    def type(self) -> str:
        return wire_type(self.body)

    @property
    def is_command(self) -> bool:
        return issubclass(self.body, Command)

    @property
    def meaning(self) -> str:
        """The docstring's first sentence, of the class itself and not of its parent."""
        said = inspect.cleandoc(vars(self.body).get("__doc__") or "").split("\n\n")[0]
        return re.split(r"(?<=\.)\s", said)[0].replace("\n", " ")

    @property
    def snapshot(self) -> str:
        """Where its JSON Schema lies, from the root of the repository."""
        return f"contracts/{self.publisher}/schemas/{self.type}.json"

    @property
    def samples(self) -> str:
        return f"contracts/{self.publisher}/samples/{self.type}"

    def schema(self) -> dict[str, Any]:
        """What consumers rely on; publishers always write `type`, and queues bind the exchange."""
        schema = self.body.model_json_schema()
        required = sorted({"type", *schema["required"]})
        return {**schema, "required": required, "x-exchange": self.exchange}

    def schema_text(self) -> str:
        return json.dumps(self.schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def entries() -> list[Entry]:
    """Ordered by publisher, then as their modules define them."""
    return [
        entry
        for package in sorted(ROOT.glob("contracts/*/src/*_contracts"))
        for file in sorted(package.glob("[!_]*.py"), reverse=True)
        for entry in _defined_in(
            import_module(f"{package.name}.{file.stem}"), publisher=package.parents[1].name
        )
    ]


def _defined_in(module: ModuleType, *, publisher: str) -> Iterator[Entry]:
    for body in vars(module).values():
        if not (isinstance(body, type) and issubclass(body, Message)):
            continue
        if body.__module__ == module.__name__ and isinstance(wire_type(body), str):
            yield Entry(publisher=publisher, body=body, exchange=module.EXCHANGE)

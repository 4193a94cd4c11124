"""The README's configuration table is what the Settings say; --write brings it up to date."""

import re
import sys
from importlib import import_module
from pathlib import Path

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

README = Path(__file__).parents[2] / "README.md"
SERVICES = ("gateway", "platform_integration", "workflow_queue", "code_review", "organization")
TABLE = re.compile(r"<!-- configuration -->\n.*?<!-- end of configuration -->", re.DOTALL)


def table() -> str:
    rows = ["| variable | default | what |", "|---|---|---|"]
    for service in SERVICES:
        settings: type[BaseSettings] = import_module(f"{service}.settings").Settings
        prefix = settings.model_config.get("env_prefix", "")
        for name, field in settings.model_fields.items():
            if not field.description:
                raise SystemExit(f"{service}: the setting {name} has no description")
            variable = f"{prefix}{name}".upper()
            rows.append(f"| `{variable}` | {_default(field)} | {field.description} |")
    return "<!-- configuration -->\n" + "\n".join(rows) + "\n<!-- end of configuration -->"


def _default(field: FieldInfo) -> str:
    if field.is_required() or field.default is PydanticUndefined:
        return "**needed**"
    return "-" if field.default in (None, "") else f"`{field.default}`"


def main() -> None:
    written = README.read_text()
    current = TABLE.sub(lambda _: table(), written)
    if current == written:
        return
    if "--write" not in sys.argv:
        raise SystemExit("README.md: the configuration table is out of date; make docs")
    README.write_text(current)


main()

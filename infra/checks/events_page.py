"""docs/events.md, made from the classes so that it cannot be out of date."""

from itertools import groupby

from catalogue import Entry

INTRODUCTION = """# Events and commands

Every message between the services, by publisher; a command belongs to the service that obeys it.
The type is also the routing key and links to the JSON Schema; samples lie beside that. The body is
the contract; the other CloudEvents attributes travel in AMQP headers. Each message has `type` and
`organization_id`, each event also `occurred_at`; a field with `?` may be absent. How messages
change: [contracts](../contracts/README.md). `make contracts-write` writes this page.
"""
EVERYWHERE = {"type", "organization_id", "occurred_at"}


def page(entries: list[Entry]) -> str:
    sections = [
        "\n".join(
            [
                f"\n## {publisher}\n",
                "| type | exchange | what it means | fields |",
                "|---|---|---|---|",
                *map(_row, own),
            ]
        )
        for publisher, own in groupby(entries, key=lambda entry: entry.publisher)
    ]
    return INTRODUCTION + "\n".join(sections) + "\n"


def _row(entry: Entry) -> str:
    kind = "Command: " if entry.is_command else ""
    fields = ", ".join(
        f"`{name}`" + ("" if field.is_required() else "?")
        for name, field in entry.body.model_fields.items()
        if name not in EVERYWHERE
    )
    link = f"[{entry.type}](../{entry.snapshot})"
    return f"| {link} | `{entry.exchange}` | {kind}{entry.meaning} | {fields} |"

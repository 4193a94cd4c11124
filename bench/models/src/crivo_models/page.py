"""Pages that people write, with parts that programs fill in."""

import re
from pathlib import Path


def fill(page: Path, name: str, text: str) -> None:
    """Replace what is between the marks of this name; raise ValueError where there are none."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    marked = re.compile(f"{re.escape(begin)}\n.*?{re.escape(end)}", re.DOTALL)
    old = page.read_text()
    if not marked.search(old):
        raise ValueError(f"{page.name} has no place for {name}")
    page.write_text(marked.sub(lambda _: f"{begin}\n{text}\n{end}", old))

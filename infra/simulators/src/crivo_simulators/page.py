"""A pull request as a page for a browser: its diff, with the comments under their lines."""

from html import escape
from typing import Any, TypeAlias

from unidiff.patch import PatchSet

from crivo_simulators.diff_lines import path_of

Json: TypeAlias = dict[str, Any]
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; font: 13px/1.5 ui-monospace, monospace; }
td { padding: 0 .6rem; white-space: pre-wrap; vertical-align: top; }
td.number { color: #888; text-align: right; width: 1%; white-space: nowrap; }
tr.added { background: #e6ffec; } tr.removed { background: #ffebe9; }
.comment { border: 1px solid #ccc; border-radius: .4rem; padding: .6rem; margin: .4rem 0; }
.comment, .review { white-space: pre-wrap; font: 14px/1.5 system-ui, sans-serif; }
"""


def pull_request_page(full_name: str, pull: Json, diff: str) -> str:
    """Everything on it was written by others, so everything is escaped."""
    reviews = "".join(f'<div class="review">{escape(r["body"])}</div>' for r in pull["reviews"])
    files = "".join(_file(file, pull["comments"]) for file in PatchSet(diff))
    title = f"{escape(pull['title'])} #{pull['number']}"
    return (
        f"<!doctype html><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style>"
        f"<h1>{title}</h1><p>{escape(full_name)}: {escape(pull['head'])} into"
        f" {escape(pull['base'])}, {escape(pull['state'])}</p>{reviews}{files}"
    )


def _file(file: Any, comments: list[Json]) -> str:
    rows = []
    for hunk in file:
        for line in hunk:
            kind = "added" if line.is_added else "removed" if line.is_removed else ""
            number = line.target_line_no or ""
            rows.append(
                f'<tr class="{kind}"><td class="number">{number}</td>'
                f"<td>{escape(line.value.rstrip())}</td></tr>"
            )
            rows += [
                f'<tr><td></td><td><div class="comment">{escape(each["body"])}</div></td></tr>'
                for each in comments
                if (each["path"], each["line"]) == (path_of(file), line.target_line_no)
            ]
    return f"<h2>{escape(path_of(file))}</h2><table>{''.join(rows)}</table>"

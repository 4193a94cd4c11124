"""Every route of the public API names the permission it needs, or says why it needs none.

`@get("/v1/jobs", permission="jobs.read")`, or `# no permission: <reason>` beside the decorator.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from sources import Source, sources

ESCAPE = re.compile(r"# no permission: \S.{3,}")
METHODS = {"get", "post", "put", "patch", "delete", "route", "websocket"}
ROUTES = "services/*/src/*/presentation/**/*.py"


def problems(root: Path) -> list[str]:
    return [problem for source in sources(root, ROUTES) for problem in _of(source)]


def _of(source: Source) -> Iterator[str]:
    for prefix, function in _functions(source.tree()):
        for decorator in function.decorator_list:
            path = _path(decorator, prefix)
            if path is None or not path.startswith("/v1"):
                continue
            if not (_named(decorator) or source.excused(decorator, ESCAPE)):
                yield (
                    f"{source.path}:{decorator.lineno}: {path} ({function.name}) names no"
                    ' permission; permission="…", or "# no permission: <reason>"'
                )


def _functions(
    tree: ast.Module,
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """With the path of the controller around it."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    inside: set[ast.AST] = set()
    for controller in ast.walk(tree):
        if isinstance(controller, ast.ClassDef):
            for member in controller.body:
                if isinstance(member, functions):
                    inside.add(member)
                    yield _controller_path(controller), member
    for node in ast.walk(tree):
        if isinstance(node, functions) and node not in inside:
            yield "", node


def _controller_path(controller: ast.ClassDef) -> str:
    for statement in controller.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            names = [each.id for each in statement.targets if isinstance(each, ast.Name)]
            if names == ["path"]:
                return str(statement.value.value)
    return ""


def _path(decorator: ast.expr, prefix: str) -> str | None:
    """None when it is no route; one whose path is not written there counts as public."""
    if not isinstance(decorator, ast.Call):
        return None
    called = decorator.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    if name not in METHODS:
        return None
    given = decorator.args or [each.value for each in decorator.keywords if each.arg == "path"]
    if not given:
        return prefix
    if isinstance(given[0], ast.Constant):
        return prefix + str(given[0].value)
    return prefix or "/v1/?"


def _named(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and any(
        each.arg == "permission" for each in decorator.keywords
    )


if __name__ == "__main__":
    found = problems(Path(__file__).parents[2])
    sys.exit("\n".join(found) or None)

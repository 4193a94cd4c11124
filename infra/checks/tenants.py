"""Every query on a tenant's table filters by organization, or says why it need not.

Read, changed and deleted: by SQLAlchemy, as SQL in a string, or as a document for MongoDB. The
escape is `# all organizations: <reason>` beside the statement.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from sources import Source, sources

ESCAPE = re.compile(r"# all organizations: \S.{3,}")
OWNER = "organization_id"
VERBS = {"select", "update", "delete"}
DOCUMENTS = {
    "find", "find_one", "aggregate", "count_documents", "find_one_and_update", "replace_one",
    "find_one_and_replace", "update_one", "update_many", "delete_one", "delete_many",
}  # fmt: skip
IN_SQL = re.compile(r"\b(?:FROM|JOIN|UPDATE)\s+(\w+)")
FILTERED = re.compile(rf"\b{OWNER}\s*(?:=|IN\b|IS NOT DISTINCT)|\(\s*{OWNER}\b[^)]*\)\s*(?:=|IN)")


def problems(root: Path) -> list[str]:
    found: list[str] = []
    for service in sorted((root / "services").glob("*")):
        tenants = _tenants(root, service.name)
        for source in sources(root, f"services/{service.name}/src/*/**/*.py"):
            if "migrations" not in source.path.parts:
                found += _of(source, tenants)
    return found


def _tenants(root: Path, service: str) -> dict[str, str]:
    """Names of tables that have an owner, by the name that code gives them."""
    owned: dict[str, str] = {}
    for source in sources(root, f"services/{service}/src/*/infrastructure/tables.py"):
        for node in ast.walk(source.tree()):
            if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
                continue
            texts = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
            target = node.targets[0]
            if ast.unparse(node.value.func) in ("Table", "sa.Table") and OWNER in texts:
                owned[getattr(target, "id", "")] = str(texts[0])
    return owned


def _of(source: Source, tenants: dict[str, str]) -> Iterator[str]:
    for function, statement in _statements(source.tree()):
        asked = _asked(statement, tenants)
        if not asked or _filters(statement) or source.excused(statement, ESCAPE):
            continue
        # A filter of documents is often a dictionary that was made before.
        if asked == {"documents"} and any(_filters(each) for each in function.body):
            continue
        yield (
            f"{source.path}:{statement.lineno}: {', '.join(sorted(asked))} without {OWNER};"
            ' filter, or "# all organizations: <reason>"'
        )


def _statements(
    block: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef,
) -> Iterator[tuple[ast.Module | ast.FunctionDef | ast.AsyncFunctionDef, ast.stmt]]:
    """Each with the function it is in; of a compound statement only its head counts."""
    waiting: list[ast.AST] = [*ast.iter_child_nodes(block)]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.stmt):
            yield block, node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _statements(node)
        else:
            waiting += ast.iter_child_nodes(node)


def _parts(statement: ast.stmt) -> Iterator[ast.AST]:
    """What the statement itself says, without the statements inside it."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [each for each in ast.iter_child_nodes(node) if not isinstance(each, ast.stmt)]


def _asked(statement: ast.stmt, tenants: dict[str, str]) -> set[str]:
    asked: set[str] = set()
    for node in _parts(statement):
        if isinstance(node, ast.Call):
            asked |= _by_call(node, tenants)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            asked |= set(IN_SQL.findall(node.value)) & set(tenants.values())
    return asked


def _by_call(call: ast.Call, tenants: dict[str, str]) -> set[str]:
    if isinstance(call.func, ast.Attribute):
        if call.func.attr in DOCUMENTS and call.args:
            return {"documents"}
        names = {getattr(call.func.value, "id", "")} if call.func.attr in VERBS else set()
    elif getattr(call.func, "id", "") in VERBS:
        names = {
            each.id for part in call.args for each in ast.walk(part) if isinstance(each, ast.Name)
        }
    else:
        names = set()
    return {tenants[name] for name in names & tenants.keys()}


def _filters(statement: ast.stmt) -> bool:
    return any(_filter(node) for node in _parts(statement))


def _filter(node: ast.AST) -> bool:
    match node:
        case ast.Compare():
            return _compares_owner(node)
        case ast.Call(func=ast.Attribute(attr="in_", value=column)):
            return _is_owner(column)
        case ast.Constant(value=str(sql)):
            return FILTERED.search(sql) is not None
        case ast.Dict(keys=keys):
            return any(isinstance(key, ast.Constant) and key.value == OWNER for key in keys)
        case _:
            return False


def _compares_owner(comparison: ast.Compare) -> bool:
    """With a value: two columns that are equal join tables, whoever owns the rows."""
    sides = [comparison.left, *comparison.comparators]
    columns = [each for each in sides if re.search(r"\bc\.\w+$", ast.unparse(each))]
    return len(columns) < len(sides) and any(_is_owner(each) for each in sides)


def _is_owner(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == OWNER


if __name__ == "__main__":
    found = problems(Path(__file__).parents[2])
    sys.exit("\n".join(found) or None)

"""A query on a tenant's table without the organization is refused, unless it says why."""

from pathlib import Path

import pytest
import tenants

ROOT = Path(__file__).parents[3]
FOLDER = "services/shop/src/shop/infrastructure"
TABLES = """
carts = sa.Table("carts", metadata, sa.Column("id"), sa.Column("organization_id"))
prices = sa.Table("prices", metadata, sa.Column("id"))
"""


def problems_of(root: Path, code: str) -> list[str]:
    folder = root / FOLDER
    folder.mkdir(parents=True)
    (folder / "tables.py").write_text(TABLES)
    (folder / "postgres.py").write_text(code)
    return tenants.problems(root)


def test_every_query_is_of_one_organization() -> None:
    assert tenants.problems(ROOT) == []


@pytest.mark.parametrize(
    "code",
    [
        "query = select(carts).where(carts.c.id == id)",
        "query = select(carts.c.organization_id)",
        "change = update(carts).values(paid=True)",
        "change = carts.delete()",
        "query = select(carts).join(prices, carts.c.organization_id == prices.c.organization_id)",
        'ROWS = "SELECT organization_id FROM carts WHERE id = %(id)s"',
        'GONE = f"DELETE FROM carts {WHERE}"',
        'async def show():\n    return await things.find_one({"_id": id})',
        "# all organizations:\nquery = select(carts)",
    ],
)
def test_one_of_all_organizations_is_refused(tmp_path: Path, code: str) -> None:
    (problem,) = problems_of(tmp_path, code)
    assert problem.startswith(f"{FOLDER}/postgres.py:")
    assert "without organization_id" in problem


@pytest.mark.parametrize(
    "code",
    [
        "query = select(carts).where(carts.c.organization_id == organization_id)",
        "query = select(carts).where(carts.c.organization_id.in_(organizations))",
        "query = select(prices)",
        'ROWS = "SELECT id FROM carts WHERE organization_id = %(organization_id)s"',
        "row = carts.insert().values(id=id)",
        'async def show():\n    wanted = {"organization_id": own}\n    return things.find(wanted)',
        "# all organizations: the timer works for all of them\nquery = select(carts)",
    ],
)
def test_nothing_else_is(tmp_path: Path, code: str) -> None:
    assert problems_of(tmp_path, code) == []

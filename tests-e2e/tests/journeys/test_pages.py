"""Every list of the public API ends: the last page says so, and never by an empty page after it."""

from collections.abc import Iterator

import pytest
from crivo_local.client import Crivo, Json
from e2e_support.world import DEFECT, World

SERVICES = ("organization", "platform-integration", "workflow-queue", "code-review")
MOST = 200


@pytest.fixture(scope="module")
def owner(world: World) -> Iterator[Crivo]:
    """Somebody who may see every list; each has something in it."""
    for number in range(2):
        world.ended_job(world.open(world.repository(f"listed-{number}"), {"basket.py": DEFECT}))
    owner = world.owner()
    owner.create_api_key("listed")
    yield owner
    owner.close()


def lists_of(owner: Crivo, service: str) -> list[str]:
    """Public paths of what the OpenAPI document has in pages."""
    paths: Json = owner.get(f"/schema/{service}/openapi.json")["paths"]
    # Each service has its own behind the gateway.
    public = {"/v1/dead-letters": f"/v1/dead-letters/{service}"}
    return [public.get(path, path) for path, methods in paths.items() if _has_pages(methods)]


def _has_pages(methods: Json) -> bool:
    parameters = methods.get("get", {}).get("parameters", ())
    return {"cursor", "limit"} <= {each["name"] for each in parameters}


@pytest.mark.parametrize("service", SERVICES)
def test_a_page_that_holds_the_rest_has_no_next_one(owner: Crivo, service: str) -> None:
    checked = []
    for path in lists_of(owner, service):
        whole = owner.get(path, limit=MOST)
        total = len(whole["items"])
        if not total or whole["next_cursor"]:
            continue
        checked.append(path)
        assert owner.get(path, limit=total)["next_cursor"] is None, path
        if total > 1:
            first = owner.get(path, limit=total - 1)
            last = owner.get(path, limit=total - 1, cursor=first["next_cursor"])
            assert (len(last["items"]), last["next_cursor"]) == (1, None), path
    assert checked, "nothing that the journeys made is in any list"

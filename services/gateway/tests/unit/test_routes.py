"""The routing table, without a server."""

import pytest
from gateway.application.routes import ROUTES, Route, route_of
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.prefix)
def test_a_prefix_its_slash_and_all_below_it_are_one_route(route: Route) -> None:
    prefix = route.prefix
    assert [route_of(prefix + rest) for rest in ("", "/", "/a", "/a/b", "/a%20b")] == [route] * 5
    assert route_of(f"{prefix}x") is not route


@pytest.mark.parametrize(
    "path", ["", "v1/jobs", "/v1/jobs//", "/v1/jobs/a//b", "/v1/jobs/%zz", "/v1/jobs/é"]
)
def test_what_is_no_plain_path_leads_nowhere(path: str) -> None:
    assert route_of(path) is None


DOTS = ["/", ".", "..", "%2e", "%2E", "%2f", "%5c", "\\", "%25", "%", ";", "%00"]
PIECES = st.sampled_from([*DOTS, "internal", "v1", "jobs", "a"])


@given(st.lists(PIECES, max_size=8))
def test_a_path_that_leads_somewhere_still_does_however_it_is_read(pieces: list[str]) -> None:
    """Decoded once or twice, or with its dot segments resolved: the prefix stays in front."""
    path = "/v1/jobs/" + "".join(pieces)
    if route_of(path) is None:
        return
    decoded = path
    for _ in range(2):
        decoded = decoded.replace("%2e", ".").replace("%2E", ".").replace("%2f", "/")
        decoded = decoded.replace("%5c", "/").replace("%25", "%")
        assert ".." not in decoded.split("/")
        assert "." not in decoded.split("/")
        assert decoded.count("/") == path.count("/")

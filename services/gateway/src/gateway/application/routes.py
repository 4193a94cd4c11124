"""Where each path leads: to which service, for whom, and how much and how long at most."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

MEGABYTE = 1_000_000
# GitHub sends no more than 25 MB, and so does whoever can be believed.
WEBHOOK_BYTES = 25 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Paths that are `prefix` or begin with `prefix/`; `to` replaces the prefix where it is set.

    `seconds` are for all of it: the request's body, the service's work and the answer.
    """

    prefix: str
    service: str
    public: bool = False
    most_bytes: int = MEGABYTE
    seconds: float = 15
    to: str | None = None

    def meets(self, path: str) -> bool:
        return path == self.prefix or path.startswith(f"{self.prefix}/")

    def rewritten(self, path: str) -> str:
        return path if self.to is None else self.to + path.removeprefix(self.prefix)


SERVICES = ("organization", "platform-integration", "workflow-queue", "code-review")
ROUTES = (
    # GitHub gives up after ten seconds; an answer after that helps nobody.
    Route(
        prefix="/webhooks",
        service="platform-integration",
        public=True,
        most_bytes=WEBHOOK_BYTES,
        seconds=9,
    ),
    Route(prefix="/v1/bootstrap", service="organization", public=True),
    Route(prefix="/v1/sessions", service="organization", public=True),
    Route(prefix="/.well-known/jwks.json", service="organization", public=True),
    Route(prefix="/v1/me", service="organization"),
    Route(prefix="/v1/users", service="organization"),
    Route(prefix="/v1/api-keys", service="organization"),
    Route(prefix="/v1/integrations", service="platform-integration"),
    # Connecting a repository asks its code host.
    Route(prefix="/v1/repositories", service="platform-integration", seconds=40),
    Route(prefix="/v1/webhook-deliveries", service="platform-integration"),
    Route(prefix="/v1/jobs", service="workflow-queue"),
    Route(prefix="/v1/job-metrics", service="workflow-queue"),
    Route(prefix="/v1/cadences", service="workflow-queue"),
    Route(prefix="/v1/reviews", service="code-review"),
    # Many are sent again one after the other, each confirmed by the broker.
    *(
        Route(
            prefix=f"/v1/dead-letters/{service}",
            service=service,
            seconds=40,
            to="/v1/dead-letters",
        )
        for service in ("platform-integration", "workflow-queue", "code-review")
    ),
    *(
        Route(prefix=f"/schema/{service}", service=service, public=True, to="/schema")
        for service in SERVICES
    ),
)

# RFC 3986's pchar without `;`, which some servers cut a segment at.
_SEGMENT = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-Fa-f]{2})+")
_SEPARATORS = re.compile(rb"[/\\%;\x00-\x1f\x7f]")


def route_of(path: str, routes: Iterable[Route] = ROUTES) -> Route | None:
    """None for what is not to be reached from outside, `/internal` above all.

    `path` is as the client wrote it: the prefix is matched on the very bytes that are sent on, and
    a path that a service could read in another way leads nowhere.
    """
    if not path.startswith("/") or not _read_in_one_way(path):
        return None
    return next((route for route in routes if route.meets(path)), None)


def _read_in_one_way(path: str) -> bool:
    first, *others = path[1:].split("/")
    if others and not others[-1]:
        others.pop()  # a slash at the end is nothing but that
    return all(map(_plain, (first, *others)))


def _plain(segment: str) -> bool:
    if not _SEGMENT.fullmatch(segment):
        return False
    decoded = unquote_to_bytes(segment)
    return decoded not in (b".", b"..") and not _SEPARATORS.search(decoded)

"""Where each path leads: to which service, for whom, and how much and how long at most."""

from dataclasses import dataclass

MEGABYTE = 1_000_000
# GitHub sends no more than 25 MB, and so does whoever can be believed.
WEBHOOK_BYTES = 25 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Paths that are `prefix` or begin with `prefix/`; `to` replaces the prefix where it is set."""

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
    Route(prefix="/v1/reviews", service="code-review"),
    *(
        Route(prefix=f"/v1/dead-letters/{service}", service=service, to="/v1/dead-letters")
        for service in ("platform-integration", "workflow-queue", "code-review")
    ),
    *(
        Route(prefix=f"/schema/{service}", service=service, public=True, to="/schema")
        for service in SERVICES
    ),
)


def route_of(path: str) -> Route | None:
    """None for what is not to be reached from outside, `/internal` above all.

    A path that could be read in two ways leads nowhere.
    """
    if "//" in path or "\\" in path or any(part in (".", "..") for part in path.split("/")):
        return None
    return next((route for route in ROUTES if route.meets(path)), None)

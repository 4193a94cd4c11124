"""Webhooks of one connected repository, and the rows they leave."""

from dataclasses import dataclass

from crivo_local.client import Json
from crivo_local.workspace import Workspace

from crivo_bench import wrk
from crivo_bench.servers import settle
from crivo_bench.site import Bench, connect, database_url
from crivo_bench.webhook_body import webhook_body


class NotStored(Exception):
    """A delivery was answered and is not in the database: the figures would be of nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    repository: Json
    secret: str
    database: str

    def send(self, url: str, *, seconds: int, connections: int = 32) -> wrk.Load:
        """Raise NotStored unless each was accepted and is there with its event."""
        body = webhook_body(self.repository, action="opened", number=1)
        load = wrk.deliver(
            f"{url}/webhooks/github", body, self.secret, seconds=seconds, connections=connections
        )
        stored, events = self._stored()
        if load.failed or min(stored, events) < load.requests:
            raise NotStored(f"{load}, but {stored} deliveries and {events} events are stored")
        return load

    def forget(self, bench: Bench) -> None:
        """Each leg begins with empty tables: what an insert costs grows with its index."""
        with connect(self.database) as connection:
            connection.execute("TRUNCATE webhook_deliveries, outbox")
        settle(bench.stack)

    def _stored(self) -> tuple[int, ...]:
        with connect(self.database) as connection:
            return connection.execute(
                "SELECT (SELECT count(*) FROM webhook_deliveries WHERE status = 'accepted'),"
                " (SELECT count(*) FROM outbox)"
            ).fetchall()[0]


def connected(workspace: Workspace, full_name: str) -> Deliveries:
    """A repository that the platform knows, so that its webhooks are accepted."""
    made = workspace.host.create_repository(full_name)
    workspace.host.push(full_name, "main", files={"README.md": "# shop\n"})
    workspace.connect(full_name)
    return Deliveries(
        repository={"id": made["id"], "full_name": full_name},
        secret=workspace.memory["webhook_secret"],
        database=database_url(workspace.platform, "platform-integration"),
    )

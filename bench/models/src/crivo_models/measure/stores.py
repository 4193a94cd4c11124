"""What a review leaves in the databases and the broker."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
from crivo_local.platform import Platform

_ROWS = """
SELECT sum(n_tup_ins)::bigint, sum(n_tup_upd)::bigint, sum(n_tup_del)::bigint,
       sum(pg_total_relation_size(relid))::bigint
FROM pg_stat_user_tables
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Counters of one database since it was made."""

    inserted: int
    updated: int
    deleted: int
    bytes: int
    commits: int


def databases(platform: Platform, names: Iterable[str]) -> dict[str, Store]:
    return {name: _store(platform.stack.urls().postgres, name) for name in names}


def wal_bytes(platform: Platform) -> int:
    """How far the write-ahead log has got."""
    with psycopg.connect(platform.stack.urls().postgres) as connection:
        row = connection.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone()
    return int(row[0]) if row else 0


def messages(platform: Platform, vhost: str) -> dict[str, int]:
    """How many each queue ever got."""
    api = platform.stack.urls().rabbitmq_management
    answer = httpx.get(f"{api}/api/queues/{vhost}", timeout=30)
    answer.raise_for_status()
    return {
        queue["name"]: queue.get("message_stats", {}).get("publish", 0) for queue in answer.json()
    }


def _store(server: str, name: str) -> Store:
    url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    with psycopg.connect(url) as connection:
        rows = connection.execute(_ROWS).fetchone()
        commits = connection.execute(
            "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    if rows is None or commits is None:
        raise ValueError(f"{name} is not there")
    inserted, updated, deleted, size = rows
    return Store(
        inserted=inserted, updated=updated, deleted=deleted, bytes=size, commits=commits[0]
    )

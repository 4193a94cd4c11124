"""A database and a role per service, and a virtual host, on the servers of a stack."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from crivo_local.stack import Stack


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One service's database; its role has the same name and owns nothing else."""

    name: str
    password: str

    def url(self, server: str) -> str:
        """As SQLAlchemy wants it."""
        parts = urlsplit(server)
        host = parts.netloc.rpartition("@")[2]
        user = f"{self.name}:{quote(self.password, safe='')}"
        return urlunsplit(
            parts._replace(
                scheme="postgresql+psycopg", netloc=f"{user}@{host}", path=f"/{self.name}"
            )
        )


def create(server: str, databases: list[Database]) -> None:
    """Make what is not there yet, and set the passwords of what is."""
    with psycopg.connect(server, autocommit=True) as admin:
        for database in databases:
            name = sql.Identifier(database.name)
            made = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [database.name])
            change = sql.SQL("ALTER" if made.fetchone() else "CREATE")
            admin.execute(
                sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
                    change, name, sql.Literal(database.password)
                )
            )
            made = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database.name])
            if not made.fetchone():
                admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, name))
                admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))


def drop(server: str, databases: list[Database]) -> None:
    with psycopg.connect(server, autocommit=True) as admin:
        for database in databases:
            name = sql.Identifier(database.name)
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(name))


def virtual_host_url(stack: Stack, name: str) -> str:
    """Where the platform's exchanges and queues are; a broker that was given is used as it is."""
    if stack.embeds_rabbitmq:
        return urlunsplit(urlsplit(stack.urls().rabbitmq)._replace(path=f"/{name}"))
    return stack.urls().rabbitmq


def create_virtual_host(stack: Stack, name: str) -> None:
    if stack.embeds_rabbitmq:
        stack.create_vhost(name)

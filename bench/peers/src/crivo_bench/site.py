"""A platform for one row of the table, with stores of its own, that leaves nothing behind."""

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from crivo_local.part import Part
from crivo_local.platform import Platform
from crivo_local.stack import Stack
from crivo_local.workspace import Workspace
from crivo_postgres.connection import libpq_url

from crivo_bench.plan import Plan
from crivo_bench.profiles import profiled

CHECKOUT = Path(__file__).parents[4]
SIGNING_UP = ("organization-api", "platform-integration-api", "gateway")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What every row is given: the private servers, and how long it may take."""

    stack: Stack
    plan: Plan
    say: Callable[[str], None]
    profiles: Path | None = None

    @contextmanager
    def site(
        self,
        name: str,
        *,
        only: Collection[str] | None = None,
        overrides: Mapping[str, str] | None = None,
    ) -> Iterator[Platform]:
        """The platform with every process apart, or `only` some of them."""
        root = self.stack.root / name
        platform = Platform(
            self.stack,
            root,
            checkout=CHECKOUT,
            layout="split",
            prefix=f"{name.replace('-', '_')}_",
            overrides=overrides,
        )
        try:
            platform.up(only=only)
            with profiled(platform.parts.values(), self.profiles and self.profiles / name):
                yield platform
        finally:
            platform.code_host("").stop()
            platform.stop_processes()
            platform.remove_stores()
            shutil.rmtree(root, ignore_errors=True)

    @contextmanager
    def workspace(self, platform: Platform) -> Iterator[Workspace]:
        """An organization and the local code host, connected to the platform."""
        with Workspace(platform) as workspace:
            yield workspace


def keep_running(platform: Platform, *names: str) -> list[Part]:
    """Stop every other process of the platform; whatever idles has timers that tick."""
    for name, part in platform.parts.items():
        if name not in names:
            part.stop()
    return [platform.parts[name] for name in names]


def database_url(platform: Platform, service: str) -> str:
    """As SQLAlchemy wants it, with the role of the service."""
    variable = f"{service.upper().replace('-', '_')}_DATABASE_URL"
    process = next(name for name in platform.parts if name.startswith(service))
    return platform.parts[process].environment[variable]


def connect(url: str) -> psycopg.Connection[tuple[int, ...]]:
    return psycopg.connect(libpq_url(url), autocommit=True)

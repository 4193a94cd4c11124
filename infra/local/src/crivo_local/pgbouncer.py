"""PgBouncer in transaction mode before a PostgreSQL server, as production has it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from crivo_local import apt
from crivo_local.part import Part, free_port
from crivo_local.servers import unprivileged_user

ADVICE = (
    "PgBouncer is not installed and could not be. Install it (Debian, Ubuntu: apt-get install"
    " pgbouncer; macOS: brew install pgbouncer)."
)
_LIBRARIES = ("libevent", "libc-ares")


class NotInstalled(Exception):
    """There is no PgBouncer here and no way to get one."""


@dataclass(frozen=True, slots=True)
class PgBouncerFiles:
    """`libraries` is where it finds what it is linked with, when it was only unpacked."""

    server: Path
    libraries: Path | None = None


def find(folder: Path) -> PgBouncerFiles:
    """Installed, else installed by us, else unpacked into `folder`; raise NotInstalled."""
    found = _installed() or _unpacked(folder)
    if found is None:
        apt.install("pgbouncer")
        found = _installed()
    if found is None:
        apt.unpack("pgbouncer", folder, lambda name: name.startswith(_LIBRARIES))
        found = _unpacked(folder)
    if found is None:
        raise NotInstalled(ADVICE)
    return found


def _installed() -> PgBouncerFiles | None:
    server = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    return PgBouncerFiles(Path(server)) if server else None


def _unpacked(folder: Path) -> PgBouncerFiles | None:
    server = folder / "usr/sbin/pgbouncer"
    library = next(folder.glob("usr/lib/*/libevent*.so.*"), None)
    return PgBouncerFiles(server, library.parent) if server.exists() and library else None


@contextmanager
def pgbouncer(root: Path, files: PgBouncerFiles, postgres_url: str) -> Iterator[int]:
    """The port inside the block; each client is connected in the name of the URL's user."""
    port = free_port(set())
    name = f"pgbouncer-{port}"
    user = unprivileged_user()
    configuration = root / f"{name}.ini"
    configuration.touch(mode=0o600)
    configuration.write_text(_configuration(port, postgres_url))
    if user:
        shutil.chown(configuration, user)
    libraries = {"LD_LIBRARY_PATH": str(files.libraries)} if files.libraries else {}
    part = Part(
        name=name,
        root=root,
        command=[str(files.server), str(configuration)],
        environment={"PATH": os.environ.get("PATH", os.defpath), **libraries},
        port=port,
        user=user,
    )
    try:
        part.start()
        part.wait()
        yield port
    finally:
        part.stop()
        configuration.unlink()


def _configuration(port: int, postgres_url: str) -> str:
    url = urlsplit(postgres_url)
    password = unquote(url.password or "").replace("'", "''")
    return (
        "[databases]\n"
        f"* = host={url.hostname} port={url.port or 5432} user={url.username}"
        f" password='{password}'\n"
        "[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        "pool_mode = transaction\nauth_type = any\nmax_client_conn = 1000\n"
        # Few, so that clients do get each other's sessions.
        "default_pool_size = 4\n"
    )

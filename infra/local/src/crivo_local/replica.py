"""A streaming replica of a PostgreSQL part, from the same binaries."""

import os
import subprocess
from pathlib import Path

from crivo_local.part import DidNotStart, Part
from crivo_local.servers import BINARIES, POSTGRES_USER, postgres


def replica(primary: Part, root: Path, *, port: int, password: str) -> Part:
    """Copy a running primary, and be what follows it; hot standby, so it can be read."""
    data = root / "postgres"
    if not (data / "PG_VERSION").exists():
        _copy(primary, data, password)
    return postgres(root, port, password)


def _copy(primary: Part, data: Path, password: str) -> None:
    data.parent.mkdir(parents=True, exist_ok=True)
    user = POSTGRES_USER if os.geteuid() == 0 else None
    data.mkdir(mode=0o700)
    if user:
        subprocess.run(["chown", user, str(data)], check=True)
    command = [str(BINARIES / "pg_basebackup"), "--pgdata", str(data), "--write-recovery-conf"]
    command += ["--checkpoint=fast", "--host=127.0.0.1", f"--port={primary.port}"]
    command += ["--username=postgres"]
    done = subprocess.run(
        command,
        env={**primary.environment, "PGPASSWORD": password},
        user=user,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DidNotStart(f"pg_basebackup: {done.stderr}")

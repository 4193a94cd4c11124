"""The HTTP load generator: wrk, which takes a tenth of the processor time of what it measures."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import uuid4

from crivo_bench.webhook_body import signature

SCRIPT = Path(__file__).with_name("deliveries.lua")
ADVICE = "wrk is not installed and could not be; on Debian and Ubuntu: apt-get install wrk"


class NotInstalled(Exception):
    """There is no wrk here and no way to get it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What wrk saw; times in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    failed: int

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def deliver(url: str, body: bytes, secret: str, *, seconds: int, connections: int = 32) -> Load:
    """Deliver a webhook again and again, each time under a new id, as fast as it is taken."""
    command = [
        _wrk(), "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s",
        "--timeout", "30s", "--script", str(SCRIPT), url,
    ]  # fmt: skip
    delivery = {
        "DELIVERY_BODY": body.decode(),
        "DELIVERY_SIGNATURE": signature(secret, body),
        "DELIVERY_RUN": uuid4().hex,
    }
    done = subprocess.run(
        command, env={**os.environ, **delivery}, check=True, capture_output=True, text=True
    )
    return Load(**json.loads(done.stdout.splitlines()[-1]))


@cache
def _wrk() -> str:
    if shutil.which("wrk") is None:
        as_root = () if os.geteuid() == 0 else ("sudo", "--non-interactive")
        install = ("apt-get", "install", "--yes", "--no-install-recommends", "wrk")
        if shutil.which("apt-get") is None or (as_root and shutil.which("sudo") is None):
            raise NotInstalled(ADVICE)
        subprocess.run([*as_root, *install], check=False, capture_output=True)
    found = shutil.which("wrk")
    if found is None:
        raise NotInstalled(ADVICE)
    return found

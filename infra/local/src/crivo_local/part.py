"""One process of the local stack: started once, adopted when it runs, stopped for certain."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom

import psutil

START_SECONDS = 60.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.05
LOG_TAIL_LINES = 25
LOG_BYTES = 20_000_000
# Between the start of a process and its writing that down.
RECORD_SECONDS = 5.0
# Above 32767 the kernel hands ports out to clients, and a server that restarts may find its taken.
PORTS = range(20000, 32000)


class _Detached(subprocess.Popen[bytes]):
    def __del__(self) -> None:
        """No complaint that it still runs: it is meant to outlive its launcher."""


_children: list[_Detached] = []


class DidNotStart(Exception):
    """A process ended, or did not answer in time; the message has the end of its log."""


def free_port(taken: set[int]) -> int:
    """A free loopback port; added to `taken`."""
    for port in SystemRandom().sample(PORTS, 200):
        if port in taken:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        taken.add(port)
        return port
    raise DidNotStart(f"no free port between {PORTS.start} and {PORTS.stop}")


def answers(port: int) -> bool:
    """Whether something accepts connections there."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What to run, and how to see that it works. Files live under `root`."""

    name: str
    root: Path
    command: Sequence[str]
    environment: dict[str, str]
    port: int
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def log(self) -> Path:
        return self.root / "logs" / f"{self.name}.log"

    @property
    def _record(self) -> Path:
        return self.root / "run" / f"{self.name}.pid"

    def process(self) -> psutil.Process | None:
        """The process we started, if it lives; another one that got its pid is not it."""
        try:
            process = psutil.Process(int(self._record.read_text()))
            age = self._record.stat().st_mtime - process.create_time()
            alive = abs(age) < RECORD_SECONDS and process.status() != psutil.STATUS_ZOMBIE
        except (OSError, ValueError, psutil.NoSuchProcess):
            return None
        return process if alive else None

    def start(self) -> bool:
        """Start it unless it runs; True when it had to be started. Does not wait."""
        if self.process():
            return False
        for folder in (self.log.parent, self._record.parent):
            folder.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.rename(self.log.with_suffix(".old.log"))
        self._record.write_text("")
        if self.user:
            shutil.chown(self._record, self.user)
        with self.log.open("ab") as log:
            started = _Detached(
                # It records itself: a launcher that dies here leaves nothing it does not know of.
                ["/bin/sh", "-c", 'echo $$ >"$0" && exec "$@"', self._record, *self.command],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Its own session: a Ctrl-C in the terminal is for the launcher alone.
                start_new_session=True,
                user=self.user,
                cwd=self.root,
            )
        _children.append(started)
        return True

    def wait(self, seconds: float = START_SECONDS) -> None:
        """Return once it answers on its port; raise DidNotStart with the end of its log."""
        deadline = time.monotonic() + seconds
        while not (self._listens() and answers(self.port)):
            if self._record.read_text() and self.process() is None:
                raise DidNotStart(f"{self.name} ended at once:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise DidNotStart(
                    f"{self.name} does not answer after {seconds:.0f} s:\n{self.log_tail()}"
                )
            _reap()
            time.sleep(POLL_SECONDS)

    def stop(self) -> bool:
        """Stop it with everything it started; True when it ran. SIGKILL follows what takes long."""
        process = self.process()
        if process is None:
            self._record.unlink(missing_ok=True)
            return False
        family = [process, *_descendants(process)]
        with suppress(psutil.NoSuchProcess):
            process.send_signal(self.stop_signal)
        psutil.wait_procs([process], timeout=STOP_SECONDS)
        # It had its time, and whatever it left behind has no parent to stop it.
        _, alive = psutil.wait_procs(family, timeout=0.2)
        for left in alive:
            with suppress(psutil.NoSuchProcess):
                left.kill()
        psutil.wait_procs(alive, timeout=5)
        self._record.unlink(missing_ok=True)
        return True

    def kill(self) -> None:
        """As a crash would: SIGKILL for the process and all it started."""
        process = self.process()
        if process:
            for each in [process, *_descendants(process)]:
                with suppress(psutil.NoSuchProcess):
                    each.kill()
            psutil.wait_procs([process], timeout=5)

    def _listens(self) -> bool:
        """Whether it is this process, or one it started, that has the port; not another process."""
        process = self.process()
        family = [process, *_descendants(process)] if process else []
        with suppress(psutil.NoSuchProcess):
            return any(
                each.status == psutil.CONN_LISTEN and each.laddr.port == self.port
                for member in family
                for each in member.net_connections("tcp")
            )
        return False

    def log_tail(self) -> str:
        with suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
        return "(no log)"


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return process.children(recursive=True)
    return []


def _reap() -> None:
    """Collect ended children, so that they do not look alive as zombies."""
    _children[:] = [child for child in _children if child.poll() is None]

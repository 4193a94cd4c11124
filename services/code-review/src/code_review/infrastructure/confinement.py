"""Runs a program over untrusted files: bounded, without our environment, off the network."""

import asyncio
import os
import signal
import sys
import sysconfig
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from math import ceil
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import IO

import structlog

from code_review.application.ports import AnalyzerFailed
from code_review.infrastructure import confined

_LAUNCHER = Path(confined.__file__)
_CHUNK = 1 << 16

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`seconds` counts both on the wall and, per core, on the processor."""

    seconds: float
    cores: int = 2
    # Analyzers reserve far more address space than they touch: one stack per thread, mapped files.
    memory_bytes: int = 4 << 30
    output_bytes: int = 50 << 20


@dataclass(frozen=True, slots=True)
class Ended:
    """How the program ended, and what it said on standard output."""

    status: int
    output: bytes


def installed_program(name: str) -> str:
    """The absolute path of a program that came with one of our dependencies."""
    return str(Path(sysconfig.get_path("scripts")) / name)


async def run_confined(
    name: str, command: Sequence[str], *, directory: Path, limits: Limits
) -> Ended:
    """Run the absolute `command[0]` in this directory, or raise AnalyzerFailed naming `name`.

    Whatever way this ends, cancellation included, nothing of the program's process group lives on.
    """
    process = _launch(command, directory, limits)
    try:
        async with asyncio.timeout(limits.seconds):
            output, complaint = await _read_both(process, limits.output_bytes)
            await _end_of(process)
    except TimeoutError:
        raise AnalyzerFailed(f"{name} took longer than {limits.seconds:g} s") from None
    finally:
        await _kill(process)
    if complaint.startswith(confined.NETWORK_OPEN):
        _say_network_is_open()
    if len(output) > limits.output_bytes:
        raise AnalyzerFailed(f"{name} wrote more than {limits.output_bytes} bytes")
    return Ended(process.returncode or 0, output)


def _launch(command: Sequence[str], directory: Path, limits: Limits) -> Popen[bytes]:
    # Not asyncio's: uvloop forks, which copies our page tables at four times the processor time of
    # the vfork here, and the loop stands still for longer.
    return Popen(
        [
            *(sys.executable, "-I", "-S", "-B", str(_LAUNCHER)),
            *(str(ceil(limits.seconds * limits.cores)), str(limits.memory_bytes)),
            *command,
        ],
        cwd=directory,
        env=_environment(directory, limits.cores),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
    )


def _environment(directory: Path, cores: int) -> dict[str, str]:
    """All the program gets to see; nothing is inherited, so no secret of ours is in it."""
    return {
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "RAYON_NUM_THREADS": str(cores),
    }


async def _read_both(process: Popen[bytes], most: int) -> tuple[bytes, bytes]:
    async with _stream(process.stdout) as said, _stream(process.stderr) as complained:
        async with asyncio.TaskGroup() as both:
            complaint = both.create_task(_drain(complained, _CHUNK))
            output = await _read(said, most)
            if len(output) > most:
                _kill_group(process)
        return output, complaint.result()


@asynccontextmanager
async def _stream(pipe: IO[bytes] | None) -> AsyncIterator[asyncio.StreamReader]:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    try:
        yield reader
    finally:
        transport.close()


async def _read(stream: asyncio.StreamReader, most: int) -> bytes:
    """What the stream says, up to the first chunk that makes it more than `most`."""
    kept = bytearray()
    while len(kept) <= most and (chunk := await stream.read(_CHUNK)):
        kept += chunk
    return bytes(kept)


async def _drain(stream: asyncio.StreamReader, keep: int) -> bytes:
    """The beginning of what the stream says; the rest is read too, so that nobody blocks on it."""
    kept = b""
    while chunk := await stream.read(_CHUNK):
        kept = (kept + chunk)[:keep]
    return kept


async def _kill(process: Popen[bytes]) -> None:
    _kill_group(process)
    # Shielded so that a second cancellation does not leave a zombie behind.
    await asyncio.shield(_end_of(process))


async def _end_of(process: Popen[bytes]) -> None:
    """In a thread, which ends with the process whoever gave up waiting for it."""
    if process.poll() is None:
        await asyncio.to_thread(process.wait)


def _kill_group(process: Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # all of the group is gone already


@cache
def _say_network_is_open() -> None:
    """Once per process is enough: the platform does not change under it."""
    _log.warning("analyzer.network_open", reason="no seccomp filter, no network namespace")

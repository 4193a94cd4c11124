"""What a program cannot do while it is confined."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from code_review.application.ports import AnalyzerFailed
from code_review.infrastructure.confined import NETWORK_OPEN, socket_filter
from code_review.infrastructure.confinement import Ended, Limits, run_confined
from structlog.testing import capture_logs

A_LOT = Limits(seconds=30)
# It says so on the pipe, stays for ever, and is a child of the program that is confined.
CHILD_THAT_STAYS = "(echo up; exec tail -f /dev/null) > pipe & wait"


async def run(directory: Path, *command: str, limits: Limits = A_LOT) -> Ended:
    return await run_confined("the program", command, directory=directory, limits=limits)


async def run_python(directory: Path, code: str, limits: Limits = A_LOT) -> Ended:
    return await run(directory, sys.executable, "-I", "-S", "-c", code, limits=limits)


async def a_pipe(directory: Path) -> asyncio.StreamReader:
    """A reader that meets the end when nobody who wrote to `directory/pipe` is left alive."""
    os.mkfifo(directory / "pipe")
    end = os.fdopen(os.open(directory / "pipe", os.O_RDONLY | os.O_NONBLOCK), "rb")
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, end)
    return reader


async def test_it_ends_with_its_status_and_output(tmp_path: Path) -> None:
    assert await run(tmp_path, "/bin/sh", "-c", "echo said; exit 3") == Ended(3, b"said\n")


async def test_it_sees_nothing_of_our_environment(tmp_path: Path) -> None:
    ended = await run(tmp_path, "/usr/bin/env")

    names = {line.partition(b"=")[0] for line in ended.output.splitlines()}
    assert names == {b"HOME", b"TMPDIR", b"PATH", b"LANG", b"RAYON_NUM_THREADS"}


async def test_it_reads_nothing_from_standard_input(tmp_path: Path) -> None:
    assert await run(tmp_path, "/bin/cat") == Ended(0, b"")


@pytest.mark.parametrize(
    "way_out",
    [
        "import socket; socket.create_connection(('127.0.0.1', {port})); print('connected')",
        "import socket; socket.socket(socket.AF_UNIX); print('connected')",
        "import socket; socket.socketpair(); print('connected')",
    ],
    ids=["TCP", "a socket of the machine", "a pair"],
)
async def test_it_cannot_open_a_connection(tmp_path: Path, way_out: str) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        code = way_out.format(port=server.sockets[0].getsockname()[1])
        free = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-c", code), stdout=asyncio.subprocess.PIPE
        )
        ended = await run_python(tmp_path, code)

        assert (await free.communicate())[0] == b"connected\n"
        assert ended == Ended(1, b"")


async def test_what_it_starts_cannot_open_a_connection_either(tmp_path: Path) -> None:
    child = "import socket; socket.socket(); print('connected')"
    code = f"import os; os.execv({sys.executable!r}, ['python', '-I', '-S', '-c', {child!r}])"

    assert await run_python(tmp_path, code) == Ended(1, b"")


async def test_it_gets_so_much_processor_time_and_memory(tmp_path: Path) -> None:
    limits = Limits(seconds=7, cores=3, memory_bytes=512 << 20)

    ended = await run(tmp_path, "/bin/sh", "-c", "ulimit -t; ulimit -v; ulimit -c", limits=limits)

    assert ended.output.split() == [b"21", str(512 << 10).encode(), b"0"]


async def test_more_memory_than_that_is_refused(tmp_path: Path) -> None:
    code = "bytearray(300 << 20); print('had it')"

    assert (await run_python(tmp_path, code)).output == b"had it\n"
    assert await run_python(tmp_path, code, Limits(seconds=30, memory_bytes=256 << 20)) == Ended(
        1, b""
    )


async def test_a_file_it_writes_stays_small(tmp_path: Path) -> None:
    await run_python(tmp_path, "open('grown', 'wb').write(bytes(5 << 20))")

    assert (tmp_path / "grown").stat().st_size == 1 << 20


async def test_too_long_a_run_ends_with_all_it_started(tmp_path: Path) -> None:
    pipe = await a_pipe(tmp_path)

    with pytest.raises(AnalyzerFailed, match=r"^the program took longer than 3 s$"):
        await run(tmp_path, "/bin/sh", "-c", CHILD_THAT_STAYS, limits=Limits(seconds=3))

    async with asyncio.timeout(60):
        assert await pipe.read() == b"up\n"


async def test_a_cancelled_run_ends_with_all_it_started(tmp_path: Path) -> None:
    pipe = await a_pipe(tmp_path)
    running = asyncio.create_task(run(tmp_path, "/bin/sh", "-c", CHILD_THAT_STAYS))
    async with asyncio.timeout(60):
        assert await pipe.readline() == b"up\n"

        running.cancel()

        assert await pipe.read() == b""
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_child_that_outlives_the_program_ends_too(tmp_path: Path) -> None:
    pipe = await a_pipe(tmp_path)
    quiet = "(exec tail -f /dev/null > pipe 2> /dev/null) & exit 0"

    assert (await run(tmp_path, "/bin/sh", "-c", quiet)).status == 0

    async with asyncio.timeout(60):
        assert await pipe.read() == b""


async def test_endless_output_is_cut_off(tmp_path: Path) -> None:
    with pytest.raises(AnalyzerFailed, match=r"^the program wrote more than 100000 bytes$"):
        await run(tmp_path, "/usr/bin/yes", limits=Limits(seconds=30, output_bytes=100_000))


async def test_endless_complaints_do_not_hold_it_up(tmp_path: Path) -> None:
    code = "import os\nfor _ in range(99): os.write(2, bytes(65536))\nprint('done')"

    assert await run_python(tmp_path, code) == Ended(0, b"done\n")


async def test_a_platform_that_leaves_the_network_open_is_named_once(tmp_path: Path) -> None:
    complaint = f"import os; os.write(2, {NETWORK_OPEN!r})"

    with capture_logs() as lines:
        await run_python(tmp_path, complaint)
        await run_python(tmp_path, complaint)

    assert [line["event"] for line in lines] == ["analyzer.network_open"]


def test_a_machine_whose_system_calls_we_do_not_know_has_no_filter() -> None:
    assert socket_filter("riscv64") is None
    assert socket_filter("x86_64") != socket_filter("aarch64")

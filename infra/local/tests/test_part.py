"""A process of the local stack is started once, adopted while it lives, and stopped for certain."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from crivo_local.part import DidNotStart, Part, answers, free_port

SERVER = "import http.server; http.server.HTTPServer(('127.0.0.1', {port}), None).serve_forever()"
PARENT = f"import subprocess; subprocess.Popen(['tail', '-f', '/dev/null']); {SERVER}"


def a_part(root: Path, code: str = SERVER, port: int | None = None) -> Part:
    port = port or free_port(set())
    command = [sys.executable, "-c", code.format(port=port)]
    return Part(name="thing", root=root, command=command, environment={}, port=port)


@pytest.fixture
def part(tmp_path: Path) -> Iterator[Part]:
    part = a_part(tmp_path)
    yield part
    part.kill()


def test_it_is_started_once_and_adopted_by_the_next_launcher(part: Part, tmp_path: Path) -> None:
    assert part.start() is True
    part.wait()
    process = part.process()
    assert process is not None
    again = a_part(tmp_path, port=part.port)
    assert again.start() is False
    assert again.process() == process


def test_a_killed_one_is_started_anew(part: Part) -> None:
    part.start()
    part.wait()
    part.kill()
    assert part.process() is None
    assert part.start() is True
    part.wait()


def test_stopping_takes_what_it_started_with_it(tmp_path: Path) -> None:
    part = a_part(tmp_path, PARENT)
    part.start()
    part.wait()
    process = part.process()
    assert process is not None
    family = [process, *process.children(recursive=True)]
    assert len(family) == 2
    assert part.stop() is True
    assert [each for each in family if psutil.pid_exists(each.pid) and _lives(each)] == []
    assert not answers(part.port)
    assert part.stop() is False


def test_another_process_with_a_recorded_pid_is_not_ours(part: Part, tmp_path: Path) -> None:
    stranger = psutil.Process()
    (tmp_path / "run").mkdir()
    record = tmp_path / "run" / "thing.pid"
    record.write_text(str(stranger.pid))
    # Written an hour before the stranger began: its pid was somebody else's then.
    began = stranger.create_time() - 3600
    os.utime(record, (began, began))
    assert part.process() is None


def test_one_that_ends_at_once_is_explained_by_its_log(tmp_path: Path) -> None:
    part = a_part(tmp_path, "raise SystemExit('no such luck')")
    part.start()
    with pytest.raises(DidNotStart, match="no such luck"):
        part.wait()


def test_somebody_else_on_the_port_does_not_pass_for_it(tmp_path: Path) -> None:
    port = free_port(set())
    other = a_part(tmp_path / "other", port=port)
    other.root.mkdir()
    other.start()
    other.wait()
    part = a_part(tmp_path, "raise SystemExit('address in use')", port=port)
    part.start()
    with pytest.raises(DidNotStart, match="address in use"):
        part.wait()
    other.stop()


def test_its_environment_is_only_what_it_was_given(tmp_path: Path) -> None:
    code = "import os; raise SystemExit('sees ' + ' '.join(sorted(os.environ)))"
    part = Part(
        name="thing",
        root=tmp_path,
        command=[sys.executable, "-c", code],
        environment={"GIVEN": "1"},
        port=free_port(set()),
    )
    part.start()
    with pytest.raises(DidNotStart, match="sees GIVEN"):
        part.wait()


def _lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_the_command_line_explains_itself() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "crivo_local", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for command in ("up", "down", "status", "logs", "demo"):
        assert command in said

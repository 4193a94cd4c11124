"""CPU time as the operating system counts it, of processes that really run."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from crivo_local.part import Part, free_port
from crivo_models.measure.processor_time import processor_seconds

BURN = "import time\nwhile time.process_time() < 0.3: pass"
# The operating system counts in ticks of a hundredth of a second.
BURNT = 0.25
# Has a child burn, waits for its end, and only then answers.
PARENT = """
import socket, subprocess, sys
subprocess.run([sys.executable, "-c", sys.argv[1]], check=True)
server = socket.create_server(("127.0.0.1", int(sys.argv[2])))
while True:
    server.accept()
"""


@pytest.fixture
def part(tmp_path: Path) -> Iterator[Part]:
    port = free_port(set())
    made = Part(
        name="parent",
        root=tmp_path,
        command=[sys.executable, "-c", PARENT, BURN, str(port)],
        environment={},
        port=port,
    )
    made.start()
    made.wait()
    yield made
    made.stop()


def test_what_ended_children_used_counts_as_their_parents(part: Part) -> None:
    assert processor_seconds({"parent": part})["parent"] >= BURNT


def test_what_analyzers_used_is_told_apart_from_the_worker_that_ran_them(part: Part) -> None:
    used = processor_seconds({"code-review-worker": part})
    assert used["analyzers"] >= BURNT
    assert used["code-review-worker"] < used["analyzers"]


def test_a_part_that_does_not_run_is_named(part: Part) -> None:
    part.stop()
    with pytest.raises(ValueError, match="parent does not run"):
        processor_seconds({"parent": part})

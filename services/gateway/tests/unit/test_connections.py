"""What requests to services say that the client's did not."""

import pytest
from gateway.infrastructure.connections import host_of


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://workflow-queue:8003", b"workflow-queue:8003"),
        ("https://jobs.internal/", b"jobs.internal"),
        ("http://[fd00::7]:8003", b"[fd00::7]:8003"),
        ("http://user:secret@jobs.internal", b"jobs.internal"),
    ],
)
def test_the_host_is_the_services_own(url: str, host: bytes) -> None:
    assert host_of(url) == (b"host", host)

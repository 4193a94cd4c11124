"""The Prometheus page. Each module declares its own metrics beside the code that counts."""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

CONTENT_TYPE = CONTENT_TYPE_LATEST


def metrics_text() -> bytes:
    """All metrics of this process in the Prometheus text format."""
    return generate_latest()

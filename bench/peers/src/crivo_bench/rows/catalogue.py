"""Every row of the table by the name it is asked for."""

from collections.abc import Callable, Mapping

from crivo_bench.rows import (
    cold_start,
    gateway,
    host_calls,
    latency,
    lifecycle,
    memory,
    outbox,
    queries,
    review_cpu,
    saturated,
    webhook,
)
from crivo_bench.site import Bench
from crivo_bench.table import Line

ROWS: Mapping[str, Callable[[Bench], list[Line]]] = {
    "webhook": webhook.measure,
    "gateway": gateway.measure,
    "saturated": saturated.measure,
    "lifecycle": lifecycle.measure,
    "latency": latency.measure,
    "outbox": outbox.measure,
    "review-cpu": review_cpu.measure,
    "host-calls": host_calls.measure,
    "memory": memory.measure,
    "cold-start": cold_start.measure,
    "queries": queries.measure,
}

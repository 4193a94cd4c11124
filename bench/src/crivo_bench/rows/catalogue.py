"""Every row of the table by the name it is asked for."""

from collections.abc import Callable, Mapping

from crivo_bench.rows import gateway, latency, lifecycle, webhook
from crivo_bench.site import Bench
from crivo_bench.table import Line

ROWS: Mapping[str, Callable[[Bench], list[Line]]] = {
    "webhook": webhook.measure,
    "gateway": gateway.measure,
    "lifecycle": lifecycle.measure,
    "latency": latency.measure,
}

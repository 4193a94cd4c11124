"""The same webhook through the public door, against the service behind it."""

from statistics import median

from crivo_bench import wrk
from crivo_bench.processor_time import tree_seconds, used
from crivo_bench.rows.deliveries import connected
from crivo_bench.site import SIGNING_UP, Bench, keep_running
from crivo_bench.table import Line, Target, ratio

RATE = Target(bound="≥", value=0.5)
TAIL = Target(bound="≤", value=3)


def measure(bench: Bench) -> list[Line]:
    with (
        bench.site("gateway", only=SIGNING_UP) as platform,
        bench.workspace(platform) as workspace,
    ):
        deliveries = connected(workspace, "bench/gateway")
        parts = keep_running(platform, "gateway", "platform-integration-api")
        direct = f"http://127.0.0.1:{parts[1].port}"

        def leg(url: str) -> tuple[wrk.Load, float]:
            deliveries.forget(bench)
            spent = used(lambda: tree_seconds(parts))
            load = deliveries.send(url, seconds=bench.plan.seconds)
            return load, spent() * 1000 / load.requests

        for url in (platform.url, direct):
            leg(url)
        through, straight = bench.plan.interleaved(lambda: leg(platform.url), lambda: leg(direct))
    return [
        Line(
            what="the same through the gateway: rate",
            ours=_rate(through),
            against=f"direct {_rate(straight)}",
            value=ratio(*([load.rate for load, _ in legs] for legs in (through, straight))),
            target=RATE,
        ),
        Line(
            what="the same through the gateway: p99",
            ours=_tail(through),
            against=f"direct {_tail(straight)}",
            value=ratio(*([load.p99 for load, _ in legs] for legs in (through, straight))),
            target=TAIL,
        ),
    ]


def _rate(legs: list[tuple[wrk.Load, float]]) -> str:
    cpu = median(cpu for _, cpu in legs)
    return f"{median(load.rate for load, _ in legs):,.0f}/s, {cpu:.2f} ms CPU each"


def _tail(legs: list[tuple[wrk.Load, float]]) -> str:
    return f"{median(load.p99 for load, _ in legs):.0f} ms"

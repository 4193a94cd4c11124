"""A webhook accepted by one process, against the bare stack that does no more than store it."""

from statistics import median

from crivo_local.part import Part
from crivo_postgres.connection import libpq_url

from crivo_bench import wrk
from crivo_bench.peers import any_port, running
from crivo_bench.processor_time import tree_seconds, used
from crivo_bench.rows.deliveries import Deliveries, connected
from crivo_bench.site import SIGNING_UP, Bench, database_url, keep_running
from crivo_bench.table import Line, Target, ratio

TARGET = Target(bound="≥", value=0.6)


def measure(bench: Bench) -> list[Line]:
    with (
        bench.site("webhook", only=SIGNING_UP) as platform,
        bench.workspace(platform) as workspace,
    ):
        deliveries = connected(workspace, "bench/webhook")
        (api,) = keep_running(platform, "platform-integration-api")
        port = any_port()
        environment = {
            "BARE_PORT": str(port),
            "BARE_SECRET": deliveries.secret,
            "BARE_EVENT": '{"type": "platform_integration.pull_request_opened.v1"}',
            "BARE_DATABASE_URL": libpq_url(database_url(platform, "platform-integration")),
        }
        with running(
            "bare-webhook", platform.root, "crivo_bench.bare_webhook",
            environment=environment, port=port,
        ) as bare:  # fmt: skip
            return _compare(bench, deliveries, api, bare)


def _compare(bench: Bench, deliveries: Deliveries, api: Part, bare: Part) -> list[Line]:
    def leg(part: Part) -> tuple[wrk.Load, float]:
        deliveries.forget(bench)
        spent = used(lambda: tree_seconds([part]))
        load = deliveries.send(f"http://127.0.0.1:{part.port}", seconds=bench.plan.seconds)
        return load, spent() * 1000 / load.requests

    for part in (api, bare):
        leg(part)  # warm: connections, caches, code that is compiled on first use
    ours, theirs = bench.plan.interleaved(lambda: leg(api), lambda: leg(bare))
    rates = [[load.rate for load, _ in legs] for legs in (ours, theirs)]
    (our_rate, our_cpu, our_p99), (their_rate, their_cpu, their_p99) = (
        (
            median(load.rate for load, _ in legs),
            median(cpu for _, cpu in legs),
            median(load.p99 for load, _ in legs),
        )
        for legs in (ours, theirs)
    )
    return [
        Line(
            what="webhook accepted, 20 KB, 32 connections, one process",
            ours=f"{our_rate:,.0f}/s, {our_cpu:.2f} ms CPU each, p99 {our_p99:.0f} ms",
            against=f"bare stack {their_rate:,.0f}/s, {their_cpu:.2f} ms CPU each,"
            f" p99 {their_p99:.0f} ms",
            value=ratio(*rates),
            target=TARGET,
        )
    ]

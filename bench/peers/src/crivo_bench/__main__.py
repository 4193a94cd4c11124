"""`python -m crivo_bench [--rows webhook,outbox] [--quick] [--profile]`; the Makefile calls it."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from crivo_local.part import DidNotStart
from crivo_local.rabbitmq_files import NotInstalled
from rich.console import Console

from crivo_bench import report, wrk
from crivo_bench.machine import machine
from crivo_bench.plan import QUICK, WHOLE
from crivo_bench.rows.catalogue import ROWS
from crivo_bench.servers import private_servers
from crivo_bench.site import CHECKOUT, Bench
from crivo_bench.table import Line

LOCAL = Path(os.environ.get("CRIVO_LOCAL_ROOT", CHECKOUT / ".local"))
ROOT, PROFILES = LOCAL / "bench", LOCAL / "profile"
PAGE = CHECKOUT / "bench" / "RESULTS.md"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m crivo_bench", description=__doc__)
    parser.add_argument("--rows", default="", help=f"some of {', '.join(ROWS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="see that it works; figures are void")
    parser.add_argument("--profile", action="store_true", help=f"flame graphs, in {PROFILES}")
    arguments = parser.parse_args()
    names = arguments.rows.split(",") if arguments.rows else list(ROWS)
    if unknown := set(names) - ROWS.keys():
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    # Whatever ends us, the servers must not outlive us.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _run(names, quick=arguments.quick, profiles=PROFILES if arguments.profile else None)
    except (DidNotStart, NotInstalled, wrk.NotInstalled) as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit(130)


def _run(names: list[str], *, quick: bool, profiles: Path | None) -> None:
    console = Console(highlight=False)
    plan = QUICK if quick else WHOLE
    lines: list[Line] = []
    begun = time.monotonic()
    with private_servers(ROOT) as stack:
        bench = Bench(
            stack=stack,
            plan=plan,
            say=lambda said: console.print(said, style="dim"),
            profiles=profiles,
        )
        for name in names:
            started = time.monotonic()
            measured = ROWS[name](bench)
            report.show(console, measured)
            bench.say(f"{name}: {time.monotonic() - started:.0f} s")
            lines += measured
    # A table is of one run: rows of another day or another machine do not belong together.
    if names == list(ROWS) and not quick and not profiles:
        minutes = (time.monotonic() - begun) / 60
        report.write(PAGE, lines, about=machine(), pairs=plan.pairs, minutes=minutes)
        console.print(f"written to {PAGE}")


main()

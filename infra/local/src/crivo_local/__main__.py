"""`python -m crivo_local up|down|status|logs|demo`; the Makefile calls it."""

import argparse
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.table import Table

from crivo_local.client import Refused
from crivo_local.demo import DemoFailed, demo
from crivo_local.part import DidNotStart
from crivo_local.platform import Platform
from crivo_local.rabbitmq_files import NotInstalled
from crivo_local.stack import Stack

CHECKOUT = Path(__file__).parents[4]
ROOT = Path(os.environ.get("CRIVO_LOCAL_ROOT", CHECKOUT / ".local"))


def main() -> None:
    arguments = _parser().parse_args()
    console = Console(highlight=False)
    platform = Platform(Stack(ROOT), ROOT, checkout=CHECKOUT, layout=arguments.layout)
    try:
        match arguments.command:
            case "up":
                with console.status("starting Crivo"):
                    platform.up(lambda line: console.print(f"  {line}", style="dim"))
                console.print(f"Crivo is up: {platform.url}   (make status, make logs, make down)")
            case "down":
                stopped = platform.down()
                console.print(f"stopped {', '.join(stopped)}" if stopped else "nothing was running")
            case "status":
                _print_status(console, platform)
            case "logs":
                _follow_logs(arguments.process)
            case "demo":
                demo(console, platform, repository=arguments.repo, revisions=arguments.range)
    except (DidNotStart, NotInstalled, DemoFailed, Refused) as problem:
        console.print(str(problem), style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m crivo_local", description=__doc__)
    parser.add_argument(
        "--layout",
        choices=["all", "split"],
        default="all",
        help="one process per service (default), or api, worker and relay apart",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start what is not running")
    commands.add_parser("down", help="stop exactly what was started here")
    commands.add_parser("status", help="list the processes")
    logs = commands.add_parser("logs", help="follow the logs")
    logs.add_argument("process", nargs="?", default="*", help="one process; default: all of Crivo")
    demonstration = commands.add_parser("demo", help="review a pull request, and print the review")
    demonstration.add_argument("--repo", type=Path, help="a git repository of yours")
    demonstration.add_argument("--range", help="base..head in it, such as main..feature")
    return parser


def _print_status(console: Console, platform: Platform) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("process", "state", "port", "pid", "memory", "up"):
        table.add_column(column, justify="left" if column in ("process", "state") else "right")
    colours = {"ready": "green", "starting": "yellow", "stopped": "dim"}
    for row in platform.status():
        running = "pid" in row
        table.add_row(
            row["name"],
            f"[{colours[row['state']]}]{row['state']}",
            str(row["port"]),
            str(row["pid"]) if running else "",
            f"{row['megabytes']:.0f} MB" if running else "",
            f"{row['seconds']:.0f} s" if running else "",
        )
    console.print(table)
    console.print(f"public port: {platform.url}   files and logs: {platform.root}")


def _follow_logs(process: str) -> None:
    files = sorted((ROOT / "logs").glob(f"{process}.log"))
    if not files:
        raise DidNotStart(f"no log of {process!r} in {ROOT / 'logs'}; make status lists names")
    with suppress(KeyboardInterrupt):
        subprocess.run(["tail", "-n", "20", "-F", *files], check=False)


main()

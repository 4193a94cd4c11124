"""`python -m crivo_evals run|show`: reviews pull requests with known answers, and counts."""

import argparse
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from crivo_local.client import Refused
from crivo_local.part import DidNotStart
from crivo_local.rabbitmq_files import NotInstalled
from crivo_local.services import model_settings
from rich.console import Console

from crivo_evals import outcomes, report
from crivo_evals.cases import Case, load_answers, load_cases
from crivo_evals.run import CHECKOUT, LOCAL, run

EVALS = CHECKOUT / "evals"
PAGE = EVALS / "RESULTS.md"


def main() -> None:
    arguments = _parser().parse_args()
    console = Console(highlight=False)
    # Whatever ends us, the processes must not outlive us.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        file = arguments.file if arguments.command == "show" else _run(console, arguments)
        found, model = outcomes.read(file)
        told = report.Run(outcomes=found, answers=load_answers(EVALS / "answers.toml"), model=model)
        report.show(console, told)
        if arguments.write:
            report.write(PAGE, told)
    except (DidNotStart, NotInstalled, Refused) as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit(130)


def _run(console: Console, arguments: argparse.Namespace) -> Path:
    cases = _chosen(arguments.only)
    # The launcher hands these on to code-review.
    name = model_settings().get("CODE_REVIEW_MODEL_NAME")
    console.print(f"{len(cases)} pull requests, model: {name or 'none'}")
    made = run(console, cases, keep=arguments.keep)
    file = LOCAL / "evals" / f"{datetime.now(UTC):%Y%m%dT%H%M%S}.json"
    outcomes.keep(file, made, model=name)
    console.print(f"kept in {file}")
    return file


def _chosen(only: str) -> list[Case]:
    cases = load_cases(EVALS / "pull_requests")
    wanted = only.split(",") if only else [each.id for each in cases]
    if unknown := set(wanted) - {each.id for each in cases}:
        sys.exit(f"no such pull request: {', '.join(sorted(unknown))}")
    return [each for each in cases if each.id in wanted]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m crivo_evals", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="review them, keep what came of it, and count")
    running.add_argument("--only", default="", help="some, by id, with commas between")
    running.add_argument("--keep", action="store_true", help="leave the platform running")
    showing = commands.add_parser("show", help="count again what a run kept")
    showing.add_argument("file", type=Path)
    for command in (running, showing):
        command.add_argument("--write", action="store_true", help=f"also write {PAGE.name}")
    return parser


main()

"""`make model EXAMPLES=1000`: the model of unit/test_no_rest.py at length, with statistics."""

import sys

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from workflow_queue_support.endings import EverybodyElseIsDead, EverybodyIsBack
from workflow_queue_support.statistics import STATISTICS

EXAMPLES = 1000


def main(examples: int) -> None:
    budget = settings(
        max_examples=examples,
        stateful_step_count=60,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    for machine in (EverybodyElseIsDead, EverybodyIsBack):
        run_state_machine_as_test(machine, settings=budget)
    sys.stdout.write("\n".join([*STATISTICS.lines(), ""]))
    if missing := STATISTICS.never_seen():
        sys.exit(f"never seen: {', '.join(sorted(missing))}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES)

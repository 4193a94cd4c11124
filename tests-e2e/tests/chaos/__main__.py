"""Exit 0 only if every accepted delivery is a review exactly once, by replay if it failed."""

import argparse
import os
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from crivo_local.client import Json, Refused
from crivo_local.workspace import Workspace
from e2e_support.world import DEFECT, World, eventually, platform_for_tests

from chaos.account import Account, settle, unsettled
from chaos.monkey import Monkey

ROOT = Path(os.environ.get("CRIVO_LOCAL_ROOT", ".local"))
REPOSITORIES = 10
# People push side by side, and one of them waits ten seconds for a gateway that is away.
PEOPLE = 8
SETTLE_SECONDS = 240


class Run:
    def __init__(self, world: World, arguments: argparse.Namespace) -> None:
        self._world = world
        self._arguments = arguments
        self._begun = time.monotonic()
        self._speaking = threading.Lock()

    def say(self, what: str) -> None:
        with self._speaking:
            print(f"{time.monotonic() - self._begun:6.1f} s  {what}", flush=True)

    def __call__(self) -> Account:
        opened, monkey = self._storm()
        self.say(f"{len(opened)} deliveries are accepted; all is up again")
        for name in self._world.platform.parts:
            self._world.platform.wait_ready(name)
        jobs = self._at_rest(opened)
        replayed = self._replay(jobs)
        if replayed:
            jobs = self._at_rest(opened)
        account = settle(self._world, opened, jobs)
        account.replayed = replayed
        self.say(f"{monkey.kills.total()} kills: {_counted(monkey.kills)}")
        self.say(f"ended by themselves: {_counted(monkey.ended_by_themselves) or 'none'}")
        return account

    def _storm(self) -> tuple[list[Json], Monkey]:
        wanted, seconds = self._arguments.webhooks, self._arguments.seconds
        names = [self._world.repository(f"chaos-{each}") for each in range(REPOSITORIES)]
        monkey = Monkey(self._world.platform, self._arguments.seed, self.say)
        with ThreadPoolExecutor(PEOPLE + 1) as pool:
            raging = pool.submit(monkey.rage, seconds)
            opening = []
            for number in range(wanted):
                opening.append(pool.submit(self._open, names[number % REPOSITORIES], number))
                time.sleep(seconds / wanted)
            raging.result()
            opened = [each.result() for each in opening]
        self._world.platform.stack.start()
        self._accepted(opened)
        return opened, monkey

    def _open(self, repository: str, number: int) -> Json:
        files = {f"basket_{number}.py": DEFECT}
        return self._world.open(repository, files, branch=f"change-{number}")

    def _accepted(self, opened: list[Json]) -> None:
        """Ask the code host to deliver again what nobody took, as its operator would."""
        numbers = {(one["base"]["repo"]["full_name"], one["number"]) for one in opened}

        def refused() -> list[str]:
            taken, known = set(), {}
            for each in self._world.host.deliveries():
                if (each["repository"], each["number"]) in numbers:
                    known[each["id"]] = each
                    taken |= {each["id"]} if each["status"] == 202 else set()
            assert len(known) == len(opened), "a pull request without a delivery"
            return sorted(known.keys() - taken)

        again = refused()
        self.say(f"{len(again)} deliveries found nobody at home, and are sent again")

        def deliver() -> bool:
            for each in refused():
                self._world.host.redeliver(each)
            return not refused()

        eventually(deliver, "every delivery accepted")

    def _at_rest(self, opened: list[Json]) -> list[Json]:
        heads = {each["head"]["sha"] for each in opened}

        def look() -> list[Json] | None:
            try:
                jobs = self._world.crivo.jobs(limit=200)
            except (Refused, httpx.TransportError) as problem:
                self.say(f"cannot be asked: {problem}")
                return None
            return None if unsettled(jobs, heads) else jobs

        begun = time.monotonic()
        try:
            jobs = eventually(look, "every job at rest", SETTLE_SECONDS)
        except AssertionError as problem:
            # The account says which, and fails.
            self.say(str(problem))
            return self._world.crivo.jobs(limit=200)
        self.say(f"every job is at rest, {time.monotonic() - begun:.1f} s after")
        return jobs

    def _replay(self, jobs: list[Json]) -> int:
        failed = [each for each in jobs if each["state"] == "failed"]
        for each in failed:
            self.say(f"failed: {each['pull_request_url']}: {each['reason']}; retried")
            self._world.crivo.retry(each["id"])
        return len(failed)


def _counted(counter: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counter.items()))


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--webhooks", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=180, help="how long things are killed")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}: make chaos SEED={arguments.seed} draws the same victims again")
    platform = platform_for_tests(ROOT)
    platform.up(print)
    with Workspace(platform) as workspace:
        try:
            account = Run(World(workspace), arguments)()
        finally:
            workspace.code_host_part.stop()
            platform.stop_processes()
    print("\n".join(account.lines()))
    return 1 if account.problems else 0


if __name__ == "__main__":
    sys.exit(main())

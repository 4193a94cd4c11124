"""Kills and restarts every process and server at random, as the seed says."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from crivo_local.part import DidNotStart, Part
from crivo_local.platform import Platform

# A node of RabbitMQ stays away for longer than any of these: it takes seconds to boot.
DOWN_SECONDS = (0.1, 4.0)
PAUSE_SECONDS = (0.5, 3.0)
WATCH_SECONDS = 0.5
# Who has just come back has a backlog in its hands: some are killed again right then.
AGAIN = 0.4
AGAIN_SECONDS = (0.2, 2.0)
SERVERS = ("postgres", "rabbitmq", "redis", "mongodb")
AT_ONCE = 2

Say = Callable[[str], None]


class Monkey:
    """Two victims may be down at a time; every process and server has its turn, then chance rules.

    What ends by itself is started again, as an orchestrator of containers would, and counted.
    """

    def __init__(self, platform: Platform, seed: int, say: Say) -> None:
        self._seed = seed
        self._say = say
        servers = {name: platform.stack.parts[name] for name in SERVERS}
        self._victims: dict[str, Part] = {**platform.parts, **servers}
        self._processes = dict(platform.parts)
        self._down: set[str] = set()
        self._done = threading.Event()
        self.kills: Counter[str] = Counter()
        self.ended_by_themselves: Counter[str] = Counter()

    def rage(self, seconds: float) -> None:
        """For so long; whatever is down at the end is back when this returns."""
        end = time.monotonic() + seconds
        with ThreadPoolExecutor(AT_ONCE + 1) as hands:
            watching = hands.submit(self._watch)
            striking = [hands.submit(self._strike, hand, end) for hand in range(AT_ONCE)]
            for each in striking:
                each.result()
            self._done.set()
            watching.result()

    def _strike(self, hand: int, end: float) -> None:
        chance = random.Random(self._seed * AT_ONCE + hand)
        turns = sorted(self._victims)[hand::AT_ONCE]
        chance.shuffle(turns)
        while time.monotonic() < end:
            name = turns.pop() if turns else chance.choice(sorted(self._victims))
            away, pause = chance.uniform(*DOWN_SECONDS), chance.uniform(*PAUSE_SECONDS)
            again = chance.uniform(*AGAIN_SECONDS) if chance.random() < AGAIN else None
            if name not in self._down:
                self._kill(name, away)
                if again is not None:
                    time.sleep(again)
                    self._kill(name, 0)
                time.sleep(pause)

    def _kill(self, name: str, away: float) -> None:
        self._say(f"{name} is killed, for {away:.1f} s")
        self._down.add(name)
        self.kills[name] += 1
        self._victims[name].kill()
        time.sleep(away)
        self._start(name)
        self._down.discard(name)

    def _watch(self) -> None:
        while not self._done.wait(WATCH_SECONDS):
            for name, part in self._processes.items():
                if name not in self._down and part.process() is None:
                    self._say(f"{name} ended by itself:\n{part.log_tail()[-600:]}")
                    self.ended_by_themselves[name] += 1
                    part.start()

    def _start(self, name: str) -> None:
        """Until it answers, or somebody else has to start it again."""
        part = self._victims[name]
        part.start()
        try:
            part.wait()
        except DidNotStart as problem:
            if name not in self._processes:
                raise
            self._say(str(problem)[-600:])

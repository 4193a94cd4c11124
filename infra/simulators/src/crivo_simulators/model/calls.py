"""What was asked of the model, and what came of it: whoever pays wants to know."""

import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

from crivo_simulators.model.asked import Asked
from crivo_simulators.model.prompts import paths_in

Json: TypeAlias = dict[str, Any]
Calls: TypeAlias = deque["Call"]
REMEMBERED = 20_000


@dataclass(slots=True, kw_only=True)
class Call:
    """`paths` tells whether a file was asked about, and so paid for, twice."""

    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    paths: list[str] = field(default_factory=list)
    outcome: str = "under way"
    status: int = 0
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0.0
    _begun: float = field(default_factory=time.monotonic)

    def reads(self, asked: Asked) -> None:
        self.model, self.prompt_tokens = asked.model, asked.prompt_tokens
        self.paths = paths_in(asked.prompt)

    def ends(self, outcome: str, status: int) -> None:
        self.outcome, self.status = outcome, status
        self.seconds = round(time.monotonic() - self._begun, 3)

    def shown(self) -> Json:
        return {
            "model": self.model,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "paths": self.paths,
            "outcome": self.outcome,
            "status": self.status,
            "at": self.at.isoformat(),
            "seconds": self.seconds,
        }

"""What was asked of the model, and what came of it: whoever pays wants to know."""

import hashlib
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

from crivo_simulators.model.asked import Asked

Json: TypeAlias = dict[str, Any]
Calls: TypeAlias = deque["Call"]
REMEMBERED = 20_000


@dataclass(slots=True, kw_only=True)
class Call:
    """`prompt_digest` tells whether the same was asked, and so paid for, twice."""

    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_digest: str = ""
    outcome: str = "under way"
    status: int = 0
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0.0
    _begun: float = field(default_factory=time.monotonic)

    def reads(self, asked: Asked) -> None:
        self.model, self.prompt_tokens = asked.model, asked.prompt_tokens
        digest = hashlib.sha256(asked.prompt.encode(errors="replace"))
        self.prompt_digest = digest.hexdigest()[:16]

    def ends(self, outcome: str, status: int) -> None:
        self.outcome, self.status = outcome, status
        self.seconds = round(time.monotonic() - self._begun, 3)

    def shown(self) -> Json:
        return {
            "model": self.model,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "prompt_digest": self.prompt_digest,
            "outcome": self.outcome,
            "status": self.status,
            "at": self.at.isoformat(),
            "seconds": self.seconds,
        }

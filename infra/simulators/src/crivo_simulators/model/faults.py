"""What a model's provider does wrong on demand: errors, silence, and answers that are none."""

from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from crivo_simulators.faults import Fault
from crivo_simulators.model.asked import Asked
from crivo_simulators.model.refusals import Refused

Json: TypeAlias = dict[str, Any]
PATH = "/v1/chat/completions"
# Longer than anybody waits.
NEVER_SECONDS = 3600.0
KINDS: dict[str, Json] = {
    "500": {"status": 500},
    "429": {"status": 429, "headers": {"Retry-After": "1"}},
    "time-out": {"delay_seconds": NEVER_SECONDS},
    "broken_json": {},
    "cut_off": {},
    "refusal": {},
    "content_filter": {},
    "page": {},
}


@dataclass(slots=True, kw_only=True)
class ModelFault(Fault):
    """For the next `times` requests that have `when` in their messages and ask this `model`.

    `content` is answered instead of what the model would say.
    """

    path: str = "."
    kind: str = ""
    when: str = ""
    model: str | None = None
    content: str | None = None

    def concerns(self, asked: Asked) -> bool:
        wanted = self.model in (None, asked.model) and self.when in asked.prompt
        return wanted and self.meets("POST", PATH)

    @property
    def spoils_the_answer(self) -> bool:
        """Whether something else is sent than a completion."""
        return self.drop or self.status is not None or self.kind == "page"


def fault_of(body: Json) -> ModelFault:
    """A kind with what it stands for, and what the body says otherwise."""
    kind = body.get("kind", "")
    unknown = sorted(body.keys() - {each.name for each in fields(ModelFault)})
    if unknown or (kind and kind not in KINDS):
        raise Refused(400, f"no such fault: {', '.join(unknown) or kind}")
    return ModelFault(**{**KINDS.get(kind, {}), **body})


def next_fault(faults: list[ModelFault], asked: Asked) -> ModelFault | None:
    """The first that concerns the request, used up by it."""
    fault = next((each for each in faults if each.concerns(asked)), None)
    if fault:
        fault.times -= 1
    return fault

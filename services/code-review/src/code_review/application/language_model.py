"""The port to a language model: a question with a schema and a budget; an answer or a refusal."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from code_review.domain.model_usage import Usage, estimated_tokens

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """`instructions` are ours; `material` holds what others wrote, and is data to the model."""

    instructions: str
    material: str

    @property
    def tokens(self) -> int:
        """As estimated."""
        return estimated_tokens(self.instructions) + estimated_tokens(self.material)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskBudget:
    """Of one question with all its attempts.

    `input_tokens` bounds what one attempt sends, as estimated; `output_tokens` what it may answer;
    `seconds` the whole.
    """

    input_tokens: int
    output_tokens: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[T]):
    """`model` is the one of the configured models that gave the answer."""

    content: T
    model: str
    usage: Usage


class RefusalClass(StrEnum):
    """`unavailable`: no answer, or an error of the server's; `refused`: it will not, ever."""

    UNAVAILABLE = "unavailable"
    RATE_LIMITED = "rate limited"
    BAD_ANSWER = "bad answer"
    OVER_BUDGET = "over budget"
    REFUSED = "refused"


class ModelRefused(Exception):
    """No answer; `reason` holds nothing that the server wrote, and no secret.

    `usage` was paid all the same. `retry_at` is set for RATE_LIMITED alone.
    """

    def __init__(
        self,
        refusal: RefusalClass,
        reason: str,
        *,
        usage: Usage,
        retry_at: datetime | None = None,
    ) -> None:
        super().__init__(f"{refusal}: {reason}")
        self.refusal = refusal
        self.reason = reason
        self.usage = usage
        self.retry_at = retry_at


class LanguageModel(Protocol):
    @property
    def name(self) -> str:
        """The first of the configured models."""
        ...

    async def ask(self, prompt: Prompt, schema: type[T], budget: AskBudget) -> Answer[T]:
        """An answer in the form of `schema`, a dataclass; raise ModelRefused and nothing else."""
        ...

"""A newer head, or a closed pull request: nobody waits for this analysis any more."""

from dataclasses import dataclass

from code_review.application.ports import Now, Stops
from code_review.domain.review import JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class StopReview:
    """`sequence` is the stop's place among the events of its job."""

    job_id: JobId
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StopReviewHandler:
    """Keeps the stop, also where the analysis has not begun: it looks for it between stages."""

    stops: Stops
    now: Now

    async def __call__(self, command: StopReview) -> None:
        await self.stops.add(command.job_id, sequence=command.sequence, at=self.now())

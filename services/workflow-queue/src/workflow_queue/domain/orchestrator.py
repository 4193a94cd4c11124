"""Which job of a pull request may run: at most one, and never for an outdated head."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from workflow_queue.domain.cadence import Cadence
from workflow_queue.domain.job import IllegalTransition, WorkflowJob
from workflow_queue.domain.job_events import Priority
from workflow_queue.domain.job_state import STOPPED, State
from workflow_queue.domain.pull_request import UPDATED, FollowedPullRequest, JobId, PullRequest

CLOSED = "pull_request_closed"
DRAFT = "draft"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRequest:
    pull_request: PullRequest
    trigger: str
    draft: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowOrchestrator:
    """Decides between the jobs of one pull request; its callers hold that pull request's lock.

    `cadence` is for repositories that have none of their own.
    """

    cadence: Cadence = field(default_factory=Cadence)

    def request(
        self,
        request: ReviewRequest,
        *,
        followed: FollowedPullRequest,
        known: WorkflowJob | None,
        active: Iterable[WorkflowJob],
        new_id: JobId,
        now: datetime,
    ) -> WorkflowJob | None:
        """The job to add, or None when a job for this request exists already."""
        updated_at = request.pull_request.updated_at
        head_sha = request.pull_request.head_sha
        is_stale = followed.is_stale(updated_at, request.trigger)
        if known is not None:
            if followed.is_news(updated_at):
                reason = self._reason_not_to(request, followed)
                self._supersede(active, by=known, now=now)
                followed.hear(updated_at=updated_at, head_sha=head_sha, job_id=known.id)
                if known.state in STOPPED and not (reason and known.state is State.FAILED):
                    known.reopen(now=now)
                    self._skip(known, reason, now=now)
            return None
        if is_stale:
            return self._late(request, followed=followed, new_id=new_id, now=now)
        job = next((j for j in active if j.pull_request.head_sha == head_sha), None)
        if job is not None:  # it does this work already
            followed.hear(updated_at=updated_at, head_sha=head_sha, job_id=job.id)
            return None
        reason = self._reason_not_to(request, followed)
        job = self._create(request, new_id=new_id, now=now)
        self._supersede(active, by=job, now=now)
        self._skip(job, reason, now=now)
        followed.hear(updated_at=updated_at, head_sha=head_sha, job_id=job.id)
        return job

    def command(
        self,
        request: ReviewRequest,
        *,
        followed: FollowedPullRequest,
        newest: WorkflowJob | None,
        active: Iterable[WorkflowJob],
        new_id: JobId,
        now: datetime,
    ) -> WorkflowJob | None:
        """What a person asks for is done, be it a draft, paused, or reviewed before.

        The job to add, or None when a job does this work already.
        """
        updated_at, head_sha = request.pull_request.updated_at, request.pull_request.head_sha
        followed.resume()
        if followed.is_stale(updated_at, request.trigger):
            if newest is None or newest.state is not State.SKIPPED or followed.closed:
                return self._late(request, followed=followed, new_id=new_id, now=now)
            newest.reopen(now=now)  # the head moved meanwhile, and its review was held back
            return None
        job = next((j for j in active if j.pull_request.head_sha == head_sha), None)
        if job is not None:
            followed.hear(updated_at=updated_at, head_sha=head_sha, job_id=job.id)
            return None
        job = self._create(request, new_id=new_id, now=now, priority=Priority.COMMAND)
        self._supersede(active, by=job, now=now)
        followed.hear(updated_at=updated_at, head_sha=head_sha, job_id=job.id)
        return job

    def close(
        self,
        *,
        followed: FollowedPullRequest,
        active: Iterable[WorkflowJob],
        updated_at: datetime,
        now: datetime,
    ) -> None:
        if followed.updated_at is not None and updated_at < followed.updated_at:
            return  # it was reopened since
        for job in active:
            job.cancel(reason=CLOSED, now=now)
        followed.close(updated_at=updated_at)

    def retry(
        self,
        job: WorkflowJob,
        *,
        followed: FollowedPullRequest,
        active: Iterable[WorkflowJob],
        requested_by: str,
        now: datetime,
    ) -> None:
        if followed.closed:
            raise IllegalTransition("the pull request is closed")
        if followed.head_sha not in (None, job.pull_request.head_sha):
            raise IllegalTransition("the pull request has a newer head")
        for other in active:
            raise IllegalTransition(f"job {other.id} reviews this head already")
        job.retry(requested_by=requested_by, now=now)

    def _late(
        self,
        request: ReviewRequest,
        *,
        followed: FollowedPullRequest,
        new_id: JobId,
        now: datetime,
    ) -> WorkflowJob | None:
        """Keep what arrived too late as a job that says why it is not run."""
        if followed.head_sha == request.pull_request.head_sha:
            return None  # the newest job is about this head
        job = self._create(request, new_id=new_id, now=now)
        if followed.closed or followed.job_id is None:
            job.cancel(reason=CLOSED, now=now)
        else:
            job.supersede(by=followed.job_id, now=now)
        return job

    def _reason_not_to(self, request: ReviewRequest, followed: FollowedPullRequest) -> str | None:
        """A draft's pushes cost nobody a review, so they do not count."""
        if request.draft:
            return DRAFT
        cadence = followed.cadence or self.cadence
        if request.trigger == UPDATED:
            followed.note_push(at=request.pull_request.updated_at, cadence=cadence)
        return cadence.holds_back(paused=followed.paused)

    def _create(
        self,
        request: ReviewRequest,
        *,
        new_id: JobId,
        now: datetime,
        priority: Priority = Priority.AUTOMATIC,
    ) -> WorkflowJob:
        return WorkflowJob.create(
            job_id=new_id,
            pull_request=request.pull_request,
            trigger=request.trigger,
            priority=priority,
            now=now,
        )

    def _skip(self, job: WorkflowJob, reason: str | None, *, now: datetime) -> None:
        if reason is not None:
            job.skip(reason=reason, now=now)

    def _supersede(self, jobs: Iterable[WorkflowJob], *, by: WorkflowJob, now: datetime) -> None:
        for job in jobs:
            if job.id != by.id:
                job.supersede(by=by.id, now=now)

"""Jobs and messages with everything filled in but what a test is about."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

from workflow_queue.application.app import App
from workflow_queue.application.cancel_jobs import CancelJobs, CancelJobsHandler
from workflow_queue.application.command_review import CommandReview, CommandReviewHandler, Wish
from workflow_queue.application.dispatch_due import DispatchDue, DispatchDueHandler
from workflow_queue.application.dispatch_next import DispatchNextHandler
from workflow_queue.application.dispatch_waiting import DispatchWaitingHandler
from workflow_queue.application.enqueue_code_review_job import (
    EnqueueCodeReviewJob,
    EnqueueCodeReviewJobHandler,
)
from workflow_queue.application.job_metrics import JobMetrics
from workflow_queue.application.job_views import JobViews
from workflow_queue.application.name_organization import NameOrganizationHandler
from workflow_queue.application.ports import (
    Begin,
    Cadences,
    DueJobs,
    Leases,
    PublishPayload,
    Verdict,
)
from workflow_queue.application.process_workflow_job import (
    ProcessWorkflowJob,
    ProcessWorkflowJobHandler,
)
from workflow_queue.application.renew_lease import (
    ProlongLeasesHandler,
    RenewLease,
    RenewLeaseHandler,
)
from workflow_queue.application.retry_job import RetryJobHandler
from workflow_queue.application.start_at_once import StartAtOnce
from workflow_queue.application.update_job_status import (
    ReviewCompleted,
    ReviewPublished,
    StepFailed,
    StepReport,
    UpdateJobStatus,
    UpdateJobStatusHandler,
)
from workflow_queue.domain.failure import ErrorClass, Failure, Policy
from workflow_queue.domain.fair_share import Limits
from workflow_queue.domain.job_events import Step
from workflow_queue.domain.orchestrator import WorkflowOrchestrator
from workflow_queue.domain.pull_request import (
    IntegrationId,
    JobId,
    OrganizationId,
    PullRequest,
    PullRequestRef,
    RepositoryId,
)
from workflow_queue_support.cadences import MemoryCadences
from workflow_queue_support.memory import MemoryStore

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ORGANIZATION = OrganizationId(UUID("019a0000-0000-7000-8000-000000000001"))
REPOSITORY = RepositoryId(UUID("019a0000-0000-7000-8000-000000000002"))
POLICY = Policy()
LIMITS = Limits()
PAYLOAD = PublishPayload(
    '{"review_id": "019a0000-0000-7000-8000-0000000000aa", "outcome": "complete", "summary": "ok"}'
)
TRANSIENT = Failure(error_class=ErrorClass.TRANSIENT, reason="timed out")
PERMANENT = Failure(error_class=ErrorClass.PERMANENT, reason="no such commit")


def a_ref(
    number: int = 7,
    *,
    organization_id: OrganizationId = ORGANIZATION,
    repository_id: RepositoryId = REPOSITORY,
) -> PullRequestRef:
    return PullRequestRef(
        organization_id=organization_id, repository_id=repository_id, number=number
    )


def a_pull_request(
    head_sha: str = "a" * 40,
    *,
    at: datetime = NOON,
    ref: PullRequestRef | None = None,
    integration_id: IntegrationId | None = None,
    description: str | None = "It keeps what is in it.",
) -> PullRequest:
    ref = ref or a_ref()
    return PullRequest(
        ref=ref,
        repository_full_name="acme/shop",
        title="Add a cart",
        author="ana",
        url=f"https://host.test/acme/shop/pull/{ref.number}",
        base_sha="0" * 40,
        head_sha=head_sha,
        change_set_id=f"{ref.repository_id}.{ref.number}.{'0' * 40}.{head_sha}",
        updated_at=at,
        integration_id=integration_id,
        description=description,
    )


class Clock:
    """Time stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, time: timedelta) -> None:
        self.now += time


class Ids:
    """Ids ordered by time, as UUIDv7 are."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def __call__(self) -> UUID:
        return UUID(int=(0x019A << 112) | (7 << 76) | (2 << 62) | next(self._numbers))


@dataclass
class Service:
    """The use cases over some store, and shorthands for what tests do all the time."""

    app: App
    clock: Clock = field(default_factory=Clock)

    async def enqueue(
        self,
        pull_request: PullRequest | None = None,
        *,
        trigger: str = "opened",
        draft: bool = False,
        message_id: UUID | None = None,
    ) -> Verdict:
        return await self.app.enqueue_code_review_job(
            EnqueueCodeReviewJob(
                message_id=message_id or uuid4(),
                pull_request=pull_request or a_pull_request(),
                trigger=trigger,
                draft=draft,
            )
        )

    async def command(
        self,
        wish: Wish = Wish.REVIEW,
        pull_request: PullRequest | None = None,
        *,
        request_id: str = "d-1",
        message_id: UUID | None = None,
    ) -> Verdict:
        return await self.app.command_review(
            CommandReview(
                message_id=message_id or uuid4(),
                request_id=request_id,
                pull_request=pull_request or a_pull_request(),
                wish=wish,
            )
        )

    async def take(self, job_id: JobId, *, message_id: UUID | None = None) -> Verdict:
        """Hear the message by which a former release started a job."""
        return await self.app.process_workflow_job(
            ProcessWorkflowJob(message_id=message_id or uuid4(), job_id=job_id)
        )

    async def report(
        self, job_id: JobId, report: StepReport, *, message_id: UUID | None = None
    ) -> Verdict:
        return await self.app.update_job_status(
            UpdateJobStatus(message_id=message_id or uuid4(), job_id=job_id, report=report)
        )

    async def reviewed(self, job_id: JobId, *, attempt: int = 1) -> Verdict:
        return await self.report(
            job_id,
            ReviewCompleted(attempt=attempt, outcome="complete", findings=2, payload=PAYLOAD),
        )

    async def published(self, job_id: JobId, *, attempt: int = 1) -> Verdict:
        return await self.report(job_id, ReviewPublished(attempt=attempt, comments_published=2))

    async def failed(
        self,
        job_id: JobId,
        *,
        step: Step = Step.ANALYZE,
        attempt: int = 1,
        failure: Failure = TRANSIENT,
    ) -> Verdict:
        return await self.report(job_id, StepFailed(step=step, attempt=attempt, failure=failure))

    async def heartbeat(
        self, job_id: JobId, *, step: Step = Step.ANALYZE, attempt: int = 1
    ) -> Verdict:
        return await self.app.renew_lease(RenewLease(job_id=job_id, step=step, attempt=attempt))

    async def close(self, *, at: datetime, ref: PullRequestRef | None = None) -> Verdict:
        return await self.app.cancel_jobs(
            CancelJobs(message_id=uuid4(), ref=ref or a_ref(), updated_at=at)
        )

    async def tick(self) -> int:
        """What the timer and the dispatcher do once."""
        due = await self.app.due_jobs(now=self.clock(), limit=100)
        for each in due:
            await self.app.dispatch_due(DispatchDue(job_id=each.id))
        return len(due) + await self.app.dispatch_waiting()


async def no_metrics(organization_id: OrganizationId, *, since: datetime) -> JobMetrics:
    raise NotImplementedError


def a_service(
    begin: Begin,
    due_jobs: DueJobs,
    job_views: JobViews,
    *,
    leases: Leases | None = None,
    policy: Policy = POLICY,
    limits: Limits = LIMITS,
    cadences: Cadences | None = None,
) -> Service:
    clock, orchestrator, ids = Clock(), WorkflowOrchestrator(), Ids()
    leases = leases or MemoryStore()
    start_at_once = StartAtOnce(limits=limits, policy=policy, now=clock)

    def jitter() -> float:
        return 1.0

    return Service(
        App(
            enqueue_code_review_job=EnqueueCodeReviewJobHandler(
                begin=begin,
                orchestrator=orchestrator,
                now=clock,
                new_id=ids,
                start_at_once=start_at_once,
            ),
            command_review=CommandReviewHandler(
                begin=begin,
                orchestrator=orchestrator,
                now=clock,
                new_id=ids,
                start_at_once=start_at_once,
            ),
            process_workflow_job=ProcessWorkflowJobHandler(begin=begin, policy=policy, now=clock),
            update_job_status=UpdateJobStatusHandler(
                begin=begin, policy=policy, now=clock, jitter=jitter
            ),
            retry_job=RetryJobHandler(begin=begin, orchestrator=orchestrator, now=clock),
            cancel_jobs=CancelJobsHandler(begin=begin, orchestrator=orchestrator, now=clock),
            dispatch_due=DispatchDueHandler(begin=begin, policy=policy, now=clock, jitter=jitter),
            dispatch_waiting=DispatchWaitingHandler(
                begin=begin, limits=limits, policy=policy, now=clock
            ),
            dispatch_next=DispatchNextHandler(
                begin=begin, limits=limits, policy=policy, now=clock, is_unavailable=lambda _: False
            ),
            name_organization=NameOrganizationHandler(begin=begin),
            renew_lease=RenewLeaseHandler(leases=leases, policy=policy, now=clock),
            prolong_leases=ProlongLeasesHandler(leases=leases, policy=policy, now=clock),
            due_jobs=due_jobs,
            job_views=job_views,
            job_views_at_primary=job_views,
            job_metrics=no_metrics,
            cadences=cadences or MemoryCadences(),
            default_cadence=orchestrator.cadence,
            now=clock,
        ),
        clock,
    )

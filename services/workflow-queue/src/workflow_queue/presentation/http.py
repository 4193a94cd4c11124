"""Jobs over HTTP. Everything is asked on behalf of the caller's organization."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from crivo_web.guards import organization_of
from crivo_web.identity import Identity
from crivo_web.pages import DEFAULT_LIMIT, MAXIMUM_LIMIT, Page, decode_cursor, page
from crivo_web.problems import InvalidCursor
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.status_codes import HTTP_202_ACCEPTED
from pydantic import BaseModel

from workflow_queue.application.app import App
from workflow_queue.application.job_metrics import JobMetrics
from workflow_queue.application.job_views import (
    AttemptView,
    HistoryEntry,
    JobFilter,
    JobView,
    attempts_of,
)
from workflow_queue.application.ports import ConcurrentUpdate, JobNotFound
from workflow_queue.application.retry_job import RetryJob
from workflow_queue.domain.job import IllegalTransition
from workflow_queue.domain.job_state import State
from workflow_queue.domain.pull_request import JobId, OrganizationId

MAX_INTEGER = 2**31 - 1  # of the column
LONGEST_METRICS_HOURS = 24 * 31

STATUS_OF: dict[type[Exception], int] = {
    JobNotFound: 404,
    IllegalTransition: 409,
    ConcurrentUpdate: 409,
}


class JobHistory(BaseModel):
    items: list[HistoryEntry]


class JobAttempts(BaseModel):
    items: list[AttemptView]


class JobController(Controller):
    path = "/v1/jobs"
    tags = ("jobs",)

    # no permission: issue "People"
    @get()
    async def list_jobs(
        self,
        app: NamedDependency[App],
        identity: NamedDependency[Identity],
        job_state: Annotated[State | None, QueryParameter(name="state")] = None,
        repository_id: FromQuery[UUID | None] = None,
        pull_request_number: Annotated[int | None, QueryParameter(ge=1, le=MAX_INTEGER)] = None,
        cursor: FromQuery[str | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=MAXIMUM_LIMIT)] = DEFAULT_LIMIT,
    ) -> Page[JobView]:
        """Newest first."""
        wanted = JobFilter(
            state=job_state, repository_id=repository_id, pull_request_number=pull_request_number
        )
        rows = await app.job_views.jobs(
            OrganizationId(organization_of(identity)),
            wanted,
            before=_position(cursor) if cursor is not None else None,
            limit=limit + 1,
        )
        return page(rows, limit, lambda last: (str(last.id),))

    # no permission: issue "People"
    @get("/{job_id:uuid}")
    async def show_job(
        self, app: NamedDependency[App], identity: NamedDependency[Identity], job_id: FromPath[UUID]
    ) -> JobView:
        return await app.job_views.job(OrganizationId(organization_of(identity)), JobId(job_id))

    # no permission: issue "People"
    @get("/{job_id:uuid}/history")
    async def show_history(
        self, app: NamedDependency[App], identity: NamedDependency[Identity], job_id: FromPath[UUID]
    ) -> JobHistory:
        """Everything that happened to the job, oldest first."""
        organization_id = OrganizationId(organization_of(identity))
        return JobHistory(items=list(await app.job_views.history(organization_id, JobId(job_id))))

    # no permission: issue "People"
    @get("/{job_id:uuid}/attempts")
    async def show_attempts(
        self, app: NamedDependency[App], identity: NamedDependency[Identity], job_id: FromPath[UUID]
    ) -> JobAttempts:
        """Every attempt of every step with its stages, times and error, oldest first."""
        organization_id = OrganizationId(organization_of(identity))
        history = await app.job_views.history(organization_id, JobId(job_id))
        return JobAttempts(items=attempts_of(history))

    # no permission: issue "People"
    @post("/{job_id:uuid}/retry", status_code=HTTP_202_ACCEPTED)
    async def retry_job(
        self, app: NamedDependency[App], identity: NamedDependency[Identity], job_id: FromPath[UUID]
    ) -> JobView:
        """Begin the failed step of a failed job anew."""
        organization_id = OrganizationId(organization_of(identity))
        await app.retry_job(
            RetryJob(
                organization_id=organization_id,
                job_id=JobId(job_id),
                requested_by=identity.subject,
            )
        )
        return await app.job_views_at_primary.job(organization_id, JobId(job_id))


# no permission: issue "People"
@get("/v1/job-metrics", tags=["jobs"])
async def show_metrics(
    app: NamedDependency[App],
    identity: NamedDependency[Identity],
    hours: Annotated[int, QueryParameter(ge=1, le=LONGEST_METRICS_HOURS)] = 24,
) -> JobMetrics:
    """Throughput and percentiles of the last hours, and how many jobs wait and run now."""
    since = (app.now() - timedelta(hours=hours - 1)).replace(minute=0, second=0, microsecond=0)
    return await app.job_metrics(OrganizationId(organization_of(identity)), since=since)


def _position(cursor: str) -> JobId:
    match decode_cursor(cursor):
        case [str(text)]:
            try:
                return JobId(UUID(text))
            except ValueError as error:
                raise InvalidCursor("Invalid cursor; use the next_cursor of a page") from error
        case _:
            raise InvalidCursor("Invalid cursor; use the next_cursor of a page")

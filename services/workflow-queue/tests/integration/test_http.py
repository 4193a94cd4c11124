"""The API, through the whole service on a real database."""

from uuid import UUID, uuid4

import pytest
from httpx import Response
from workflow_queue.application.app import App
from workflow_queue.application.enqueue_code_review_job import EnqueueCodeReviewJob
from workflow_queue.application.update_job_status import StepFailed, UpdateJobStatus
from workflow_queue.bootstrap import Service, open_service
from workflow_queue.domain.job_events import Step
from workflow_queue.domain.pull_request import JobId
from workflow_queue_support.builders import ORGANIZATION, PERMANENT, a_pull_request, a_ref
from workflow_queue_support.callers import a_caller, settings


async def get(service: Service, path: str, *, organization_id: UUID = ORGANIZATION) -> Response:
    async with a_caller(service, organization_id=organization_id) as caller:
        return await caller.get(path)


async def post(service: Service, path: str, *, organization_id: UUID = ORGANIZATION) -> Response:
    async with a_caller(service, organization_id=organization_id) as caller:
        return await caller.post(path)


async def enqueue(app: App, number: int = 7, *, draft: bool = False) -> None:
    await app.enqueue_code_review_job(
        EnqueueCodeReviewJob(
            message_id=uuid4(),
            pull_request=a_pull_request(ref=a_ref(number)),
            trigger="opened",
            draft=draft,
        )
    )


async def a_job(service: Service) -> JobId:
    await enqueue(service.app)
    return JobId(UUID((await get(service, "/v1/jobs")).json()["items"][0]["id"]))


async def a_failed_job(service: Service) -> JobId:
    job_id = await a_job(service)
    await service.app.update_job_status(
        UpdateJobStatus(
            message_id=uuid4(),
            job_id=job_id,
            report=StepFailed(step=Step.ANALYZE, attempt=1, failure=PERMANENT),
        )
    )
    return job_id


async def test_a_job_is_shown(running: Service) -> None:
    job_id = await a_job(running)
    answer = await get(running, f"/v1/jobs/{job_id}")
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["id"], shown["state"], shown["pull_request_number"]) == (
        str(job_id),
        "running",
        7,
    )


async def test_jobs_are_listed_page_by_page(running: Service) -> None:
    for number in (1, 2, 3):
        await enqueue(running.app, number)
    first = (await get(running, "/v1/jobs?limit=2")).json()
    second = (await get(running, f"/v1/jobs?limit=2&cursor={first['next_cursor']}")).json()
    seen = [job["pull_request_number"] for job in first["items"] + second["items"]]
    assert seen == [3, 2, 1]
    assert second["next_cursor"] is None


async def test_jobs_are_filtered_by_state(running: Service) -> None:
    await enqueue(running.app, 1, draft=True)
    await enqueue(running.app, 2)
    items = (await get(running, "/v1/jobs?state=skipped")).json()["items"]
    assert [(job["pull_request_number"], job["reason"]) for job in items] == [(1, "draft")]


@pytest.mark.parametrize(
    "query",
    [
        "state=happy",
        "limit=0",
        "limit=201",
        "cursor=!",
        "cursor=",
        "cursor=WzFd",
        "cursor=WyJ4Il0",
        "repository_id=1",
        "pull_request_number=0",
        "pull_request_number=99999999999",
    ],
)
async def test_a_list_that_cannot_be_asked_for_is_a_bad_request(
    running: Service, query: str
) -> None:
    answer = await get(running, f"/v1/jobs?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_history_is_shown(running: Service) -> None:
    job_id = await a_failed_job(running)
    items = (await get(running, f"/v1/jobs/{job_id}/history")).json()["items"]
    assert [each["event"] for each in items] == [
        "job_created",
        "step_started",
        "job_failed",
    ]


async def test_every_attempt_is_shown(running: Service) -> None:
    job_id = await a_failed_job(running)
    (attempt,) = (await get(running, f"/v1/jobs/{job_id}/attempts")).json()["items"]
    assert (attempt["step"], attempt["attempt"], attempt["outcome"]) == ("analyze", 1, "failed")
    assert attempt["reason"] == PERMANENT.reason


async def test_the_metrics_of_the_last_day_are_shown(running: Service) -> None:
    await a_failed_job(running)
    shown = (await get(running, "/v1/job-metrics")).json()
    assert (shown["ended"], shown["waiting"]) == ({"failed": 1}, 0)
    assert (await get(running, "/v1/job-metrics?hours=0")).status_code == 400


async def test_a_failed_job_is_retried(running: Service) -> None:
    job_id = await a_failed_job(running)
    answer = await post(running, f"/v1/jobs/{job_id}/retry")
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")


async def test_a_job_that_has_not_failed_is_not_retried(running: Service) -> None:
    job_id = await a_job(running)
    answer = await post(running, f"/v1/jobs/{job_id}/retry")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["", "/history"])
async def test_a_job_of_another_organization_is_not_found(running: Service, path: str) -> None:
    job_id = await a_failed_job(running)
    stranger = uuid4()
    answer = await get(running, f"/v1/jobs/{job_id}{path}", organization_id=stranger)
    assert answer.status_code == 404
    answer = await post(running, f"/v1/jobs/{job_id}/retry", organization_id=stranger)
    assert answer.status_code == 404
    assert (await get(running, f"/v1/jobs/{job_id}")).json()["state"] == "failed"


async def test_nobody_without_an_organization_sees_jobs(running: Service) -> None:
    async with a_caller(running, organization_id=None) as caller:
        assert (await caller.get("/v1/jobs")).status_code == 403
        assert (await caller.get("/v1/jobs", headers={"Authorization": ""})).status_code == 401


async def test_an_absent_database_is_a_503_that_shows_no_statement() -> None:
    nowhere = settings("postgresql+psycopg://nobody@127.0.0.1:1/none", "amqp://127.0.0.1:1/")
    async with open_service(nowhere) as service:
        answer = await get(service, "/v1/jobs")
        ready = await get(service, "/health/ready")
    assert (answer.status_code, ready.status_code) == (503, 503)
    assert answer.json()["detail"] == "The database is unavailable; try again"

"""Finding jobs as people would."""

from workflow_queue.application.job_views import JobFilter, JobViews
from workflow_queue.domain.pull_request import JobId
from workflow_queue_support.builders import ORGANIZATION


async def the_job_of(views: JobViews, number: int) -> JobId:
    """The newest job of a pull request."""
    wanted = JobFilter(pull_request_number=number)
    (newest,) = await views.jobs(ORGANIZATION, wanted, before=None, limit=1)
    return JobId(newest.id)

from dataclasses import dataclass

from workflow_queue.application.cancel_jobs import CancelJobsHandler
from workflow_queue.application.command_review import CommandReviewHandler
from workflow_queue.application.dispatch_due import DispatchDueHandler
from workflow_queue.application.dispatch_next import DispatchNextHandler
from workflow_queue.application.dispatch_waiting import DispatchWaitingHandler
from workflow_queue.application.enqueue_code_review_job import EnqueueCodeReviewJobHandler
from workflow_queue.application.job_metrics import MetricsView
from workflow_queue.application.job_views import JobViews
from workflow_queue.application.name_organization import NameOrganizationHandler
from workflow_queue.application.ports import Cadences, DueJobs, Now
from workflow_queue.application.process_workflow_job import ProcessWorkflowJobHandler
from workflow_queue.application.renew_lease import ProlongLeasesHandler, RenewLeaseHandler
from workflow_queue.application.retry_job import RetryJobHandler
from workflow_queue.application.update_job_status import UpdateJobStatusHandler
from workflow_queue.domain.cadence import Cadence


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Everything this service can do."""

    enqueue_code_review_job: EnqueueCodeReviewJobHandler
    command_review: CommandReviewHandler
    process_workflow_job: ProcessWorkflowJobHandler
    update_job_status: UpdateJobStatusHandler
    retry_job: RetryJobHandler
    cancel_jobs: CancelJobsHandler
    dispatch_due: DispatchDueHandler
    name_organization: NameOrganizationHandler
    dispatch_waiting: DispatchWaitingHandler
    dispatch_next: DispatchNextHandler
    renew_lease: RenewLeaseHandler
    prolong_leases: ProlongLeasesHandler
    due_jobs: DueJobs
    job_views: JobViews
    # Read where commands write, for who has just given one: a replica may not know it yet.
    job_views_at_primary: JobViews
    job_metrics: MetricsView
    cadences: Cadences
    default_cadence: Cadence
    now: Now

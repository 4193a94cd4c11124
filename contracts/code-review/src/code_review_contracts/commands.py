"""Commands that code-review obeys."""

from typing import Literal

from crivo_contracts.event import Command, JobId, RepositoryId
from pydantic import Field

EXCHANGE = "code_review.commands"


class AnalyzePullRequestV1(Command):
    """Review a change set; `attempt` fences: a result of an older attempt is refused."""

    type: Literal["code_review.analyze_pull_request.v1"] = "code_review.analyze_pull_request.v1"
    job_id: JobId
    attempt: int = Field(ge=1)
    repository_id: RepositoryId
    repository_full_name: str
    pull_request_number: int = Field(ge=1)
    base_sha: str
    head_sha: str
    change_set_id: str
    title: str | None = None
    description: str | None = None

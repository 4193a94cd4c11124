"""Let a job say what the check of its head should show; reporting it is another step."""

from dataclasses import dataclass
from uuid import UUID

from platform_integration.application.ports import Begin, CheckRuns
from platform_integration.domain.check_run import CheckRun, CheckState


@dataclass(frozen=True, slots=True, kw_only=True)
class SayCheck:
    organization_id: UUID
    repository_id: UUID
    head_sha: str
    state: CheckState
    said_by: UUID
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SayCheckHandler:
    """Needs no inbox: the same or an older word changes nothing."""

    begin: Begin

    async def __call__(self, command: SayCheck) -> None:
        async with self.begin() as tx:
            await say(
                tx.check_runs,
                organization_id=command.organization_id,
                repository_id=command.repository_id,
                head_sha=command.head_sha,
                state=command.state,
                said_by=command.said_by,
                sequence=command.sequence,
            )


async def say(
    check_runs: CheckRuns,
    *,
    organization_id: UUID,
    repository_id: UUID,
    head_sha: str,
    state: CheckState,
    said_by: UUID,
    sequence: int,
) -> None:
    said = CheckRun(
        organization_id=organization_id,
        repository_id=repository_id,
        head_sha=head_sha,
        state=state,
        said_by=said_by,
        sequence=sequence,
    )
    if await check_runs.add(said):
        return
    known = await check_runs.get(repository_id, head_sha)
    if known is None:
        raise LookupError(f"the check of {head_sha} is there and is not")
    newer = known.now_says(state, said_by=said_by, sequence=sequence)
    if newer is not known:
        await check_runs.put(newer)

"""How the model's world ends: whatever happened before, every job comes to rest."""

from datetime import datetime, timedelta

from workflow_queue.domain.job import WorkflowJob
from workflow_queue.domain.job_state import State
from workflow_queue_support.world import World

LONGEST_LIFE = timedelta(hours=12)


class Ending(World):
    def advance_to_the_next_due_job(self, end: datetime) -> None:
        if not self.run(self.service.tick()):
            moments = map(self.moment, self.active())
            later = [moment for moment in moments if moment > self.service.clock()]
            assert later, "a job rests"
            self.service.clock.now = min(later)
            assert self.service.clock() < end, "a job rests"
        self.collect()

    def moment(self, job: WorkflowJob) -> datetime:
        lease = self.store.leases.get(job.id)
        due_at = job.due_at or self.service.clock()
        return min(due_at, lease.until) if lease else due_at


class EverybodyElseIsDead(Ending):
    def come_to_an_end(self) -> None:
        end = self.service.clock() + LONGEST_LIFE
        while self.active():
            self.advance_to_the_next_due_job(end)
        assert all(job.reason for job in self.store.jobs() if job.state is State.FAILED)


class EverybodyIsBack(Ending):
    def come_to_an_end(self) -> None:
        waiting = [job.id for job in self.active()]
        end = self.service.clock() + LONGEST_LIFE
        while self.wire or self.active():
            while self.wire:
                self.run(self.answer(self.wire.pop(0), None))
                self.collect()
            if self.active():
                self.advance_to_the_next_due_job(end)
        ended = [self.store.job(job_id) for job_id in waiting]
        # A job whose last allowed attempt was lost on the way has failed, and says so.
        assert all(job.state is State.COMPLETED or job.reason for job in ended)
        assert all(job.state in (State.COMPLETED, State.FAILED) for job in ended)

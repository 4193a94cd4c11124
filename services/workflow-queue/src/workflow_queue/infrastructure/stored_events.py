"""Domain events as rows, by explicit names: a class may be renamed, a stored event may not."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, get_args

from pydantic import TypeAdapter

from workflow_queue.domain import job_events as e
from workflow_queue.domain.job import WorkflowJob
from workflow_queue.domain.job_events import JobEvent

APPEND = """
INSERT INTO events (stream_id, version, type, schema_version, data, metadata)
SELECT %(job_id)s, version, type, schema_version, data, %(metadata)s::json
FROM unnest(%(event_versions)s::int[], %(event_types)s::text[], %(event_schema_versions)s::int[],
            %(event_data)s::json[]) AS event (version, type, schema_version, data)
ORDER BY version
"""

Data: TypeAlias = dict[str, Any]
Upcaster: TypeAlias = Callable[[Data], Data]

NAMES: Mapping[type[JobEvent], tuple[str, int]] = {
    e.JobCreated: ("job_created", 1),
    e.JobDispatched: ("job_dispatched", 1),
    e.DispatchRejected: ("dispatch_rejected", 1),
    e.StepStarted: ("step_started", 1),
    e.DeadlineMoved: ("deadline_moved", 1),
    e.LeaseLost: ("lease_lost", 1),
    e.AnalysisCompleted: ("analysis_completed", 1),
    e.JobRetryScheduled: ("job_retry_scheduled", 1),
    e.JobCompleted: ("job_completed", 1),
    e.JobFailed: ("job_failed", 1),
    e.JobSkipped: ("job_skipped", 1),
    e.JobSuperseded: ("job_superseded", 1),
    e.JobCancelled: ("job_cancelled", 1),
    e.JobRetried: ("job_retried", 1),
    e.JobReopened: ("job_reopened", 1),
}
# (name, schema version) -> the data of the next schema version.
UPCASTERS: Mapping[tuple[str, int], Upcaster] = {}

_ADAPTERS: Mapping[type[JobEvent], TypeAdapter[JobEvent]] = {
    kind: TypeAdapter(kind) for kind in get_args(JobEvent)
}
_CLASSES = {name: kind for kind, (name, _) in NAMES.items()}


class UnknownEvent(Exception):
    """A stored event this release cannot read: it was written by a later one."""


def appended(job: WorkflowJob, metadata: Mapping[str, str | None]) -> dict[str, object]:
    """The parameters of APPEND for the events a job has recorded."""
    names, schema_versions, data = zip(*map(stored, job.recorded), strict=True)
    return {
        "metadata": json.dumps(metadata),
        "event_versions": list(range(job.version - len(job.recorded) + 1, job.version + 1)),
        "event_types": list(names),
        "event_schema_versions": list(schema_versions),
        "event_data": [json.dumps(each) for each in data],
    }


def stored(event: JobEvent) -> tuple[str, int, Data]:
    """Name, schema version and data of an event."""
    name, schema_version = NAMES[type(event)]
    data: Data = _ADAPTERS[type(event)].dump_python(event, mode="json")
    return name, schema_version, data


def restored(
    name: str,
    schema_version: int,
    data: Data,
    *,
    upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS,
) -> JobEvent:
    """The event as today's class, whatever version it was stored as."""
    while upcast := upcasters.get((name, schema_version)):
        data, schema_version = upcast(data), schema_version + 1
    kind = _CLASSES.get(name)
    if kind is None or schema_version > NAMES[kind][1]:
        raise UnknownEvent(f"{name} {schema_version}")
    return _ADAPTERS[kind].validate_python(data)

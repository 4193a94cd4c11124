"""How an organization's jobs went lately."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from workflow_queue.domain.pull_request import OrganizationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Of seconds, right to within a tenth."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """Jobs that ended in the hour that began then, by state."""

    hour: datetime
    ended: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMetrics:
    """`waiting` and `in_flight` are of this moment, everything else of the hours from `since`."""

    since: datetime
    waiting: int
    in_flight: int
    ended: Mapping[str, int]
    seconds_to_completion: Percentiles | None
    hours: Sequence[Throughput]


class MetricsView(Protocol):
    async def __call__(self, organization_id: OrganizationId, *, since: datetime) -> JobMetrics: ...

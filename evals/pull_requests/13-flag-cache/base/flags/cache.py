"""Feature flags of an organization, as the flag service has them."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

Flags: TypeAlias = Mapping[str, bool]


@dataclass(slots=True, kw_only=True)
class FlagCache:
    load: Callable[[UUID], Flags]
    _known: dict[UUID, Flags] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_on(self, organization_id: UUID, flag: str) -> bool:
        with self._lock:
            if organization_id not in self._known:
                self._known[organization_id] = self.load(organization_id)
            return self._known[organization_id].get(flag, False)

    def forget(self, organization_id: UUID) -> None:
        with self._lock:
            self._known.pop(organization_id, None)

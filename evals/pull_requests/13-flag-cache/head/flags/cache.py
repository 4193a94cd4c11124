"""Feature flags of an organization, as the flag service has them."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

Flags: TypeAlias = Mapping[str, bool]
MAXIMUM = 1000


@dataclass(slots=True, kw_only=True)
class FlagCache:
    load: Callable[[UUID], Flags]
    _known: OrderedDict[UUID, Flags] = field(default_factory=OrderedDict)
    _forgotten: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_on(self, organization_id: UUID, flag: str) -> bool:
        return self._flags(organization_id).get(flag, False)

    def _flags(self, organization_id: UUID) -> Flags:
        with self._lock:
            known = self._known.get(organization_id)
            if known is not None:
                self._known.move_to_end(organization_id)
                return known
            generation = self._forgotten
        loaded = self.load(organization_id)
        with self._lock:
            if generation == self._forgotten:
                self._known[organization_id] = loaded
                self._known.move_to_end(organization_id)
                while len(self._known) > MAXIMUM:
                    self._known.popitem(last=False)
        return loaded

    def forget(self, organization_id: UUID) -> None:
        with self._lock:
            self._known.pop(organization_id, None)
            self._forgotten += 1

"""Who asked for this: the correlation of everything that follows from one request."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from structlog.contextvars import bound_contextvars
from uuid_utils.compat import uuid7

_correlation: ContextVar[str | None] = ContextVar("crivo_correlation", default=None)
_causation: ContextVar[str | None] = ContextVar("crivo_causation", default=None)


def correlation_id() -> str:
    """The id of the request everything here follows from; a new one where nothing asked."""
    return _correlation.get() or str(uuid7())


def causation_id() -> str | None:
    """The id of the message being handled, if one is."""
    return _causation.get()


@contextmanager
def caused_by(*, correlation_id: str, causation_id: str | None = None) -> Iterator[None]:
    """Bind both for the block, in messages that leave it and in its log lines."""
    correlation = _correlation.set(correlation_id)
    causation = _causation.set(causation_id)
    try:
        with bound_contextvars(correlation_id=correlation_id):
            yield
    finally:
        _causation.reset(causation)
        _correlation.reset(correlation)

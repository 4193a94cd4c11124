"""Which headers go through, and which do not."""

from collections.abc import Iterable

from gateway.application.ports import Headers

# RFC 9110, section 7.6.1, and what HTTP/1.1 used before it.
_HOP_BY_HOP = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization",
        b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
# Said anew by us, or nobody's to say from outside.
_NOT_TO_SERVICES = frozenset(
    {b"host", b"authorization", b"cookie", b"x-request-id", b"traceparent", b"tracestate",
     b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"expect"}
)  # fmt: skip
_NOT_TO_CLIENTS = frozenset({b"server", b"date", b"x-request-id"})


def to_service(headers: Headers) -> Headers:
    return _without(headers, _NOT_TO_SERVICES)


def to_client(headers: Headers) -> Headers:
    return _without(headers, _NOT_TO_CLIENTS)


def value_of(headers: Headers, name: bytes) -> str | None:
    """Of several, the first; names are compared without regard to case."""
    found = (value for known, value in headers if known.lower() == name)
    value = next(found, None)
    return value.decode("latin-1") if value is not None else None


def _without(headers: Headers, dropped: frozenset[bytes]) -> Headers:
    named = {name for value in _connection(headers) for name in value.lower().split(b",")}
    hidden = _HOP_BY_HOP | dropped | {name.strip() for name in named}
    return [(name, value) for name, value in headers if name.lower() not in hidden]


def _connection(headers: Headers) -> Iterable[bytes]:
    return (value for name, value in headers if name.lower() == b"connection")

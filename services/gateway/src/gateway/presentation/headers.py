"""Which headers go through, and which do not."""

from collections.abc import Iterable

from crivo_observability.http import ASGIApp, Receive, Scope, Send

from gateway.application.ports import Headers

# RFC 9110, section 7.6.1, and what HTTP/1.1 used before it.
_HOP_BY_HOP = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization",
        b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
_TRACE = frozenset({b"traceparent", b"tracestate", b"baggage"})
# Said anew by us, or nobody's to say from outside.
_NOT_TO_SERVICES = _TRACE | {
    b"host", b"authorization", b"cookie", b"x-request-id", b"forwarded", b"x-real-ip", b"expect",
}  # fmt: skip
_FORWARDED = b"x-forwarded-"
_NOT_TO_CLIENTS = frozenset({b"server", b"date", b"x-request-id"})
# What says how to do better next time.
_OF_REFUSALS = frozenset({b"retry-after", b"www-authenticate", b"allow"})


def to_service(headers: Headers) -> Headers:
    return [
        (name, value)
        for name, value in _without(headers, _NOT_TO_SERVICES)
        if not name.lower().startswith(_FORWARDED)
    ]


def to_client(headers: Headers) -> Headers:
    return _without(headers, _NOT_TO_CLIENTS)


def of_refusal(headers: Headers) -> Headers:
    """What is kept of an answer whose body is replaced."""
    return [(name, value) for name, value in headers if name.lower() in _OF_REFUSALS]


def value_of(headers: Headers, name: bytes) -> str | None:
    """Of several, the first; names are compared without regard to case."""
    found = (value for known, value in headers if known.lower() == name)
    value = next(found, None)
    return value.decode("latin-1") if value is not None else None


def starting_traces(app: ASGIApp) -> ASGIApp:
    """Begin each trace here: from a public door nobody writes into ours, or has them sampled."""

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if "headers" in scope:
            kept = [(name, value) for name, value in scope["headers"] if name not in _TRACE]
            scope = {**scope, "headers": kept}
        await app(scope, receive, send)

    return door


def _without(headers: Headers, dropped: frozenset[bytes]) -> Headers:
    named = {name for value in _connection(headers) for name in value.lower().split(b",")}
    hidden = _HOP_BY_HOP | dropped | {name.strip() for name in named}
    if value_of(headers, b"transfer-encoding") is not None:
        # RFC 9112, section 6.3: beside it, a length is void.
        hidden |= {b"content-length"}
    return [(name, value) for name, value in headers if name.lower() not in hidden]


def _connection(headers: Headers) -> Iterable[bytes]:
    return (value for name, value in headers if name.lower() == b"connection")

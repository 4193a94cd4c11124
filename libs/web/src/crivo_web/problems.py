"""Every error as RFC 9457 problem details, and none of them with internals inside."""

from typing import Any

PROBLEM = "application/problem+json"
_TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "Unprocessable",
    429: "Too many requests",
    500: "Internal error",
    502: "Bad gateway",
    503: "Unavailable",
    504: "Gateway time-out",
}


class InvalidCursor(Exception):
    """The cursor was not made by this list."""


def problem(
    status: int,
    detail: str | None = None,
    *,
    request_id: str | None = None,
    errors: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    """The members of a problem; `errors` names each invalid field."""
    members = {"detail": detail, "request_id": request_id, "errors": errors}
    return {
        "type": "about:blank",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        **{name: value for name, value in members.items() if value},
    }

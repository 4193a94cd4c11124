"""Litestar's error responses: problem details without internals."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from crivo_web.problems import PROBLEM, InvalidCursor, problem

IsUnavailable: TypeAlias = Callable[[BaseException], bool]
_log = structlog.get_logger()


def problem_responses(
    status_of: Mapping[type[Exception], int], is_unavailable: IsUnavailable
) -> ExceptionHandlersMap:
    """Litestar's exception handlers: the service's own errors by `status_of`, all others as 500.

    An own error's message is for the caller; a status of 503 says that trying again helps, as it
    does for an error that `is_unavailable` recognises.
    """

    def own(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
        status = next(status_of[kind] for kind in type(error).__mro__ if kind in status_of)
        headers: dict[str, str] = {}
        if status == 503:
            headers = {"Retry-After": "5"}
            _log_unavailable(request, error.__cause__ or error)
        if (retry_after := getattr(error, "retry_after_seconds", None)) is not None:
            headers["Retry-After"] = str(retry_after)
        return _respond(request, status, str(error) or None, headers=headers)

    def unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
        if not is_unavailable(error):
            return _unexpected(request, error)
        _log_unavailable(request, error)
        # The driver's own message would show our statements.
        detail = "The database is unavailable; try again"
        return _respond(request, 503, detail, headers={"Retry-After": "5"})

    return {
        **dict.fromkeys(status_of, own),
        InvalidCursor: _invalid_cursor,
        ValidationException: _validation,
        HTTPException: _http,
        Exception: unexpected,
    }


def _log_unavailable(request: Request[Any, Any, Any], problem: BaseException) -> None:
    """The caller only learns that it may retry; the log has the reason."""
    _log.warning("http.unavailable", path=request.scope["path"], reason=type(problem).__name__)


def _respond(
    request: Request[Any, Any, Any],
    status: int,
    detail: str | None,
    *,
    errors: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response[dict[str, Any]]:
    request_id = request.scope.get("state", {}).get("request_id")
    return Response(
        problem(status, detail, request_id=request_id, errors=errors),
        status_code=status,
        media_type=PROBLEM,
        headers=dict(headers or {}),
    )


def _invalid_cursor(
    request: Request[Any, Any, Any], error: InvalidCursor
) -> Response[dict[str, Any]]:
    return _respond(request, 400, str(error))


def _validation(
    request: Request[Any, Any, Any], error: ValidationException
) -> Response[dict[str, Any]]:
    extra = error.extra if isinstance(error.extra, list) else []
    errors = [
        {"field": str(each.get("key", "")), "message": str(each.get("message", ""))}
        for each in extra
        if isinstance(each, dict)
    ]
    return _respond(request, 400, "Invalid request; see `errors`", errors=errors)


def _http(request: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, Any]]:
    if error.status_code >= 500:
        return _unexpected(request, error)
    return _respond(request, error.status_code, error.detail, headers=error.headers)


def _unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    _log.error("http.failed", path=request.scope["path"], exc_info=error)
    return _respond(request, 500, "Internal error; the log has it under this request id")

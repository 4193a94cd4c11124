"""What an OpenAI-compatible server refuses, with its status codes and in its shape."""

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


class Refused(Exception):
    """An answer other than success; `headers` go with it."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers or {}
        self.body: Json = {
            "error": {"message": message, "type": _type(status), "param": param, "code": code}
        }


def invalid(message: str, param: str | None = None, code: str | None = None) -> Refused:
    return Refused(400, message, param=param, code=code)


def invalid_type(param: str, wanted: str) -> Refused:
    return invalid(f"Invalid type for '{param}': expected {wanted}.", param, "invalid_type")


def invalid_value(param: str, wanted: str) -> Refused:
    return invalid(f"Invalid value for '{param}': expected {wanted}.", param, "invalid_value")


def missing(param: str) -> Refused:
    return invalid(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def _type(status: int) -> str:
    if status == 429:
        return "requests"
    return "server_error" if status >= 500 else "invalid_request_error"

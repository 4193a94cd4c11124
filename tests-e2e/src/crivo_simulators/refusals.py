"""What GitHub refuses, in its words and with its status codes."""

from typing import Any, TypeAlias

from crivo_simulators.diff_lines import Lines

Json: TypeAlias = dict[str, Any]
DOCUMENTATION = "https://docs.github.com/rest"
MOST_CHARACTERS = 65536
CONCLUSIONS = (
    "action_required", "cancelled", "failure", "neutral", "success", "skipped", "stale",
    "timed_out",
)  # fmt: skip
STATUSES = ("queued", "in_progress", "completed", "waiting", "requested", "pending")


class Refused(Exception):
    """An answer other than success; `headers` go with it."""

    def __init__(
        self,
        status: int,
        message: str,
        errors: list[Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body: Json = {"message": message, "documentation_url": DOCUMENTATION}
        if errors is not None:
            self.body["errors"] = errors


def not_found() -> Refused:
    return Refused(404, "Not Found")


def unprocessable(*errors: Any) -> Refused:
    return Refused(422, "Unprocessable Entity", list(errors))


def validation_failed(resource: str, field: str, code: str, message: str = "") -> Refused:
    error = {"resource": resource, "field": field, "code": code}
    return Refused(422, "Validation Failed", [{**error, "message": message} if message else error])


def check_review(body: Json, lines: Lines, commits: set[str]) -> None:
    """Raise Refused unless the whole review can be made: there is no half of one."""
    if body.get("event") not in (None, "APPROVE", "REQUEST_CHANGES", "COMMENT"):
        raise unprocessable("Variable $event was provided invalid value")
    if body.get("commit_id") not in (None, *commits):
        raise unprocessable("The commit is not part of the pull request")
    comments = body.get("comments") or []
    text = body.get("body") or ""
    if not text and body.get("event") in ("COMMENT", "REQUEST_CHANGES") and not comments:
        raise unprocessable("Review body can not be blank")
    if len(text) > MOST_CHARACTERS:
        raise unprocessable(f"Body is too long (maximum is {MOST_CHARACTERS} characters)")
    errors = [error for comment in comments for error in _complaints(comment, lines)]
    if errors:
        raise unprocessable(*errors)


def _complaints(comment: Json, lines: Lines) -> list[str]:
    text, path = comment.get("body"), comment.get("path")
    if not isinstance(text, str) or not text.strip():
        return ["Body can't be blank"]
    if len(text) > MOST_CHARACTERS:
        return [f"Body is too long (maximum is {MOST_CHARACTERS} characters)"]
    if path not in lines:
        return ["Path could not be resolved"]
    side, line = comment.get("side", "RIGHT"), comment.get("line")
    hunk = lines[path].get((side, line))
    if hunk is None:
        return ["Line could not be resolved"]
    start = comment.get("start_line")
    if start is None:
        return []
    start_hunk = lines[path].get((comment.get("start_side", side), start))
    if start_hunk is None:
        return ["Start line could not be resolved"]
    if start >= line:
        return ["Start line must precede the end line"]
    if start_hunk != hunk:
        return ["Start line must be part of the same hunk as the line"]
    return []


def check_check_run(body: Json, *, new: bool) -> None:
    if new:
        for field in ("name", "head_sha"):
            if not body.get(field):
                raise validation_failed("CheckRun", field, "missing_field")
    if body.get("status", "queued") not in STATUSES:
        raise validation_failed("CheckRun", "status", "invalid")
    conclusion = body.get("conclusion")
    if body.get("status") == "completed" and not conclusion:
        raise validation_failed("CheckRun", "conclusion", "missing_field")
    if conclusion is not None and conclusion not in CONCLUSIONS:
        raise validation_failed("CheckRun", "conclusion", "invalid")
    output = body.get("output")
    if output is not None and not (output.get("title") and output.get("summary")):
        raise validation_failed("CheckRun", "output", "missing_field")
    if output and len(output["summary"]) > MOST_CHARACTERS - 1:
        raise validation_failed("CheckRun", "summary", "too_long")

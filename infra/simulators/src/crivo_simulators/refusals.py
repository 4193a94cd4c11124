"""What GitHub refuses, in its words and with its status codes."""

from typing import Any, TypeAlias

from crivo_simulators.diff_lines import Lines

Json: TypeAlias = dict[str, Any]
DOCUMENTATION = "https://docs.github.com/rest"
MOST_CHARACTERS = 65536
EVENTS = (None, "", "APPROVE", "REQUEST_CHANGES", "COMMENT")
SIDES = (None, "LEFT", "RIGHT")
CONCLUSIONS = (
    "action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out",
)  # fmt: skip
# Only GitHub itself sets the conclusion stale and the statuses waiting, requested and pending.
STATUSES = ("queued", "in_progress", "completed")


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


def too_large(what: str) -> Refused:
    said = (
        f"Sorry, the diff exceeded the maximum number of {what}. Consider using 'List pull requests"
        " files' API or locally cloning the repository instead."
    )
    error = {"resource": "PullRequest", "field": "diff", "code": "too_large"}
    return Refused(406, said, [error])


def invalid_request(said: str) -> Refused:
    """What does not even have the shape of the request."""
    return Refused(422, f"Invalid request.\n\n{said}")


def check_review(body: Json, lines: Lines, commits: set[str], *, pending: bool) -> None:
    """Raise Refused unless the whole review can be made: there is no half of one."""
    event, comments = body.get("event"), body.get("comments") or []
    if event not in EVENTS:
        raise unprocessable("Variable $event was provided invalid value")
    if body.get("commit_id") not in (None, *commits):
        raise unprocessable("The commit is not part of the pull request")
    if not event and pending:
        raise unprocessable("User can only have one pending review per pull request")
    if not isinstance(comments, list) or not all(isinstance(each, dict) for each in comments):
        raise invalid_request("For 'properties/comments', it is not an array of objects.")
    for comment in comments:
        _check_shape(comment)
    text = _text(body, "body", "properties/body")
    if not text.strip() and event in ("COMMENT", "REQUEST_CHANGES"):
        raise unprocessable("Review body can not be blank")
    if len(text) > MOST_CHARACTERS:
        raise unprocessable(f"Body is too long (maximum is {MOST_CHARACTERS} characters)")
    errors = [error for comment in comments for error in _complaints(comment, lines)]
    if errors:
        raise unprocessable(*errors)


def _check_shape(comment: Json) -> None:
    for field in ("path", "body"):
        if field not in comment:
            raise invalid_request(f'"{field}" wasn\'t supplied.')
        _text(comment, field, f"items/{field}")
    for field in ("line", "start_line"):
        number = comment.get(field)
        if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
            raise invalid_request(f"For 'items/{field}', {number!r} is not an integer.")
    for field in ("side", "start_side"):
        if comment.get(field) not in SIDES:
            raise invalid_request(f"For 'items/{field}', it is not LEFT or RIGHT.")


def _text(body: Json, field: str, named: str) -> str:
    text = body.get(field)
    if text is not None and not isinstance(text, str):
        raise invalid_request(f"For '{named}', {text!r} is not a string.")
    return text or ""


def _complaints(comment: Json, lines: Lines) -> list[str]:
    text, path = comment["body"] or "", comment["path"]
    if not text.strip():
        return ["Body can't be blank"]
    if len(text) > MOST_CHARACTERS:
        return [f"Body is too long (maximum is {MOST_CHARACTERS} characters)"]
    if path not in lines:
        return ["Path could not be resolved"]
    side, line = comment.get("side") or "RIGHT", comment.get("line")
    hunk = lines[path].get((side, line))
    if hunk is None:
        return ["Line could not be resolved"]
    start = comment.get("start_line")
    if start is None:
        return []
    start_hunk = lines[path].get((comment.get("start_side") or side, start))
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
    if (body.get("status") == "completed" or body.get("completed_at")) and not conclusion:
        raise validation_failed("CheckRun", "conclusion", "missing_field")
    if conclusion is not None and conclusion not in CONCLUSIONS:
        raise validation_failed("CheckRun", "conclusion", "invalid")
    _check_output(body.get("output"))


def _check_output(output: Any) -> None:
    if output is None:
        return
    if not isinstance(output, dict):
        raise invalid_request("For 'properties/output', it is not an object.")
    for field in ("title", "summary"):
        if not _text(output, field, f"properties/output/{field}"):
            raise validation_failed("CheckRun", field, "missing_field")
    for field in ("summary", "text"):
        if len(_text(output, field, f"properties/output/{field}")) > MOST_CHARACTERS - 1:
            raise validation_failed("CheckRun", field, "too_long")

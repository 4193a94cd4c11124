"""Why an attempt at a language model failed, in our words: errors quote what the server wrote."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from openai import APIStatusError
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelTimeoutError,
    UnexpectedModelBehavior,
)

from code_review.application.language_model import RefusalClass
from code_review.infrastructure.model_transport import MOST_BYTES, TooLarge

DEFAULT_WAIT_SECONDS = 60.0
MOST_WAIT_SECONDS = 86_400.0
# Codes of a 400 by which OpenAI, and Azure behind it, say that a filter stopped the prompt.
FILTERED = ("content_filter", "content_policy_violation")
HINTS = {
    400: "the model may not know this form of output",
    401: "check the key",
    402: "check the account",
    403: "check the key and what it is allowed to use",
    404: "check the address and the model's name",
    422: "the model may not know this form of output",
}


@dataclass(kw_only=True, eq=False)
class Failed(Exception):
    """Nothing in it was written by the server."""

    refusal: RefusalClass
    reason: str
    retry_at: datetime | None = None


def cut_off() -> Failed:
    return Failed(
        refusal=RefusalClass.BAD_ANSWER, reason="the answer was cut off at the limit of its tokens"
    )


def filtered() -> Failed:
    return Failed(refusal=RefusalClass.REFUSED, reason="the model or a filter before it refused")


def no_completion() -> Failed:
    return Failed(refusal=RefusalClass.BAD_ANSWER, reason="the answer is no chat completion")


def too_slow(seconds: float) -> Failed:
    return Failed(refusal=RefusalClass.UNAVAILABLE, reason=f"no answer within {seconds:g} s")


def failure(error: Exception, now: datetime) -> Failed:
    """Whatever the libraries raised; the order is from the narrow to the wide."""
    match error:
        case Failed():
            return error
        case _ if any(isinstance(each, TooLarge) for each in _causes(error)):
            reason = f"the answer is larger than {MOST_BYTES:,} bytes"
            return Failed(refusal=RefusalClass.BAD_ANSWER, reason=reason)
        case ModelHTTPError():
            return _of_status(error, now)
        case ModelTimeoutError():
            return Failed(refusal=RefusalClass.UNAVAILABLE, reason="no answer in time")
        case ModelConnectionError():
            return Failed(refusal=RefusalClass.UNAVAILABLE, reason="no connection")
        case ModelAPIError():
            return _of_answer(error)
        case UnexpectedModelBehavior():
            reason = "the answer is not what was asked for, also when asked again"
            return Failed(refusal=RefusalClass.BAD_ANSWER, reason=reason)
        case _:
            reason = f"the answer cannot be read: {type(error).__name__}"
            return Failed(refusal=RefusalClass.BAD_ANSWER, reason=reason)


def _of_status(error: ModelHTTPError, now: datetime) -> Failed:
    status = error.status_code
    if isinstance(error, ModelContextWindowExceededError):
        reason = "the prompt is longer than the model can read"
        return Failed(refusal=RefusalClass.OVER_BUDGET, reason=reason)
    if error.provider_error_code in FILTERED:
        return filtered()
    if status == 429:
        return Failed(
            refusal=RefusalClass.RATE_LIMITED,
            reason="answered 429: too many requests, or the account is used up",
            retry_at=retry_at((error.headers or {}).get("retry-after"), now),
        )
    hint = f": {HINTS[status]}" if status in HINTS else ""
    return Failed(refusal=RefusalClass.UNAVAILABLE, reason=f"answered {status}{hint}")


def _of_answer(error: ModelAPIError) -> Failed:
    """No HTTP error: a redirect, or a success that is no JSON."""
    for each in _causes(error):
        if isinstance(each, APIStatusError):
            reason = f"answered {each.status_code}: redirects are not followed, check the address"
            return Failed(refusal=RefusalClass.UNAVAILABLE, reason=reason)
    return Failed(refusal=RefusalClass.BAD_ANSWER, reason="the answer is not JSON")


def retry_at(said: str | None, now: datetime) -> datetime:
    """From Retry-After, seconds or a date. More than a day is a mistake that would park the job."""
    seconds = _seconds(said, now)
    if seconds is None:
        seconds = DEFAULT_WAIT_SECONDS
    return now + timedelta(seconds=min(max(seconds, 0.0), MOST_WAIT_SECONDS))


def _seconds(said: str | None, now: datetime) -> float | None:
    if said is None:
        return None
    if said.isascii() and said.isdigit():
        return float(said[:10])
    try:
        return (parsedate_to_datetime(said) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__

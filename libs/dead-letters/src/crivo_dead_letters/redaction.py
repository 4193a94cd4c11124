"""Redacts what looks like a secret in a dead letter that is shown.

The stored dead letter is unchanged, because a replay sends it.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

REDACTED = "[redacted]"

_NAMES = r"token|secret|passw|authorization|cookie|credential|key"
_NAME = re.compile(_NAMES, re.IGNORECASE)
_VALUES = re.compile(
    r"eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)*"  # a signed token
    r"|crivo_[0-9a-f]{32}_[\w-]+"  # an API key of ours
    r"|gh[a-z]_\w{20,}|github_pat_\w+|glpat-[\w-]+"  # a code host's
    r"|\bsk-[\w-]{16,}|\bAKIA[0-9A-Z]{16}\b"  # a model provider's, a cloud's
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"  # the user of a URL
    r"|(?<=Bearer )[^\s\"']+|(?<=Basic )[^\s\"']+",
    re.DOTALL,
)
# In text that is not JSON: only the value is redacted, not the rest of the line.
_PAIRS = re.compile(
    rf"([\w-]*(?:{_NAMES})[\w-]*\\?[\"']?\s*[:=]\s*)(\\?\"[^\"]*\"|'[^']*'|[^\s,;&\"'}}]+)",
    re.IGNORECASE,
)


def redacted(value: Any) -> Any:
    """JSON with the values of secret-looking names, and secret-looking values, replaced."""
    match value:
        case str():
            return redacted_text(value)
        case Mapping():
            return {
                _readable(str(name)): REDACTED if _NAME.search(str(name)) else redacted(each)
                for name, each in value.items()
            }
        case list():
            return [redacted(each) for each in value]
        case _:
            return value


def redacted_text(text: str) -> str:
    return _PAIRS.sub(rf"\g<1>{REDACTED}", _VALUES.sub(REDACTED, _readable(text)))


def redacted_body(body: bytes) -> Any:
    """The body as JSON, or as text if it is not valid JSON."""
    try:
        return redacted(json.loads(body))
    except (ValueError, RecursionError):
        return redacted_text(body.decode(errors="replace"))


def _readable(text: str) -> str:
    """JSON may contain half a surrogate pair, which cannot be encoded in a response."""
    return text.encode(errors="replace").decode()

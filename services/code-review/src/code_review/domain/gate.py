"""What of a language model's claims may be shown: only what the change itself bears out."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from code_review.domain.change_set import ChangeSet
from code_review.domain.claims import Claim
from code_review.domain.diff import Hunk
from code_review.domain.finding import MODEL, Finding
from code_review.domain.selection import rank, with_fingerprints
from code_review.domain.visible_text import CUT, shown_line

SOURCE = f"{MODEL}:review"
# A model's own number is close to chance, so it is not asked for one.
CONFIDENCE = 0.8
MOST_PER_FILE = 3
# Of one answer; what is beyond is not even looked at, and a document has room for all of them.
MOST_CLAIMS = 20
MOST_TITLE = 120
MOST_EXPLANATION = 1_500
MOST_FIX = 800
MOST_EVIDENCE = 2_000
# A comment on more lines than a screen has is a comment on none.
MOST_LINES = 40
MOST_TRIVIAL = 6

# None of these may take time that grows faster than the text: it is a stranger's.
_CODE = re.compile(r"((?<!`)`++[^`\n]+`+)")
_URL = re.compile(r"\b(?:[a-z][a-z0-9+.-]{0,30}://|www\.|mailto:)[^\s)\]>]+", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?(?:-->|$)", re.DOTALL)
# Line breaks stay where text may have several lines; nothing else that steers a terminal does.
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_WORD = re.compile(r"\w")
_NUMBERED = re.compile(r"^\s*+\d*+\s*+[+-]\s")


class Rejection(StrEnum):
    UNKNOWN_FILE = "no such file in the change"
    OUTSIDE = "lines outside the change"
    NO_EVIDENCE = "the quoted code is not there"
    EMPTY = "no title or no explanation"
    REPEATED = "the same lines and category again"
    TOO_MANY = "more than a few in a file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """`rejected` counts by reason."""

    findings: tuple[Finding, ...]
    rejected: Mapping[str, int]


def check(claims: Sequence[Claim], change_set: ChangeSet) -> Checked:
    """The quoted code decides about the place; a claim never moves to where it does not stand."""
    gate = _Gate(change_set)
    passed: list[Finding] = []
    rejected: Counter[str] = Counter()
    for claim in claims[:MOST_CLAIMS]:
        found = gate.finding(claim)
        if isinstance(found, Finding):
            passed.append(found)
        else:
            rejected[found.value] += 1
    rejected[Rejection.TOO_MANY.value] += len(claims[MOST_CLAIMS:])
    kept: list[Finding] = []
    for finding in sorted(passed, key=rank):
        excess = _excess(finding, kept)
        if excess is None:
            kept.append(finding)
        else:
            rejected[excess.value] += 1
    return Checked(
        findings=tuple(with_fingerprints(kept, gate.contents)),
        rejected={reason: number for reason, number in sorted(rejected.items()) if number},
    )


class _Gate:
    """One change, with the text of its lines as claims are compared with it."""

    def __init__(self, change_set: ChangeSet) -> None:
        files = change_set.files
        self.contents = {each.path: each.content for each in files if each.content is not None}
        self._diff = change_set.diff
        self._lines: dict[str, Mapping[int, Sequence[str]]] = {}

    def finding(self, claim: Claim) -> Finding | Rejection:
        if claim.path not in self.contents or not self._diff.hunks.get(claim.path):
            return Rejection.UNKNOWN_FILE
        title, explanation = _one_line(claim.title), inert(claim.explanation, MOST_EXPLANATION)
        if not title or not explanation:
            return Rejection.EMPTY
        place = self._place(claim)
        if isinstance(place, Rejection):
            return place
        fix = inert(claim.fix, MOST_FIX)
        return Finding(
            path=claim.path,
            start_line=place.start,
            end_line=place.stop - 1,
            severity=claim.severity,
            category=claim.category,
            title=title,
            explanation=f"{explanation}\n\nFix: {fix}" if fix else explanation,
            source=SOURCE,
            confidence=CONFIDENCE,
        )

    def _place(self, claim: Claim) -> range | Rejection:
        """Where the quoted code stands, among the lines that can be commented on."""
        quotes = _quotes(claim.evidence)
        shown = self._shown(claim.path)
        standing = [number for number, texts in shown.items() if _stands(quotes, texts)]
        said = range(claim.line, max(claim.line, claim.end_line) + 1)
        here = [number for number in standing if number in said]
        if not standing:
            return Rejection.NO_EVIDENCE
        if not here and len(standing) > 1:
            return Rejection.OUTSIDE
        readable = said.stop - said.start <= MOST_LINES
        if here and readable and self._diff.hunk_with(claim.path, said.start, said.stop - 1):
            return said
        place = (here or standing)[0]
        return range(place, place + 1)

    def _shown(self, path: str) -> Mapping[int, Sequence[str]]:
        """By line of a hunk: its text, and the old lines that stood before it."""
        if path not in self._lines:
            lines = self.contents[path].split("\n")
            self._lines[path] = {
                number: [_plain(shown_line(text)) for text in (lines[number - 1], *removed)]
                for hunk in self._diff.hunks[path]
                for number, removed in _with_removed(hunk)
                if number <= len(lines)
            }
        return self._lines[path]


def _with_removed(hunk: Hunk) -> Iterator[tuple[int, Sequence[str]]]:
    gone: dict[int, list[str]] = {}
    for removed in hunk.removed:
        # What stood after the last line of a hunk is shown under that line.
        gone.setdefault(min(removed.before, hunk.end), []).extend(removed.text)
    for number in range(hunk.start, hunk.end + 1):
        yield number, gone.get(number, ())


def _quotes(evidence: str) -> list[str]:
    """Its first line with code in it, as it stands and without the numbers of the prompt."""
    for line in evidence[:MOST_EVIDENCE].split("\n"):
        readings = (_plain(line), _plain(_NUMBERED.sub("", line, count=1)))
        if quotes := [quote for quote in readings if _WORD.search(quote)]:
            return quotes
    return []


def _stands(quotes: Sequence[str], texts: Sequence[str]) -> bool:
    # A few characters stand anywhere; they prove something only as a whole line.
    return any(
        quote == text or (len(quote) >= MOST_TRIVIAL and quote in text)
        for quote in quotes
        for text in texts
    )


def _plain(line: str) -> str:
    return " ".join(line.removesuffix(CUT).split())


def _excess(finding: Finding, kept: Sequence[Finding]) -> Rejection | None:
    same_file = [each for each in kept if each.path == finding.path]
    if any(finding.overlaps(each) and finding.category == each.category for each in same_file):
        return Rejection.REPEATED
    return Rejection.TOO_MANY if len(same_file) >= MOST_PER_FILE else None


def inert(text: str, most: int) -> str:
    """Without control characters, hidden comments and addresses; code spans keep their text.

    Markdown, HTML and mentions are defused by whoever publishes, in the host's dialect.
    """
    text = _CONTROLS.sub("", _COMMENT.sub("", text[: 4 * most])).strip()
    parts = _CODE.split(text)
    parts[::2] = [_URL.sub("(address removed)", prose) for prose in parts[::2]]
    text = "".join(parts)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _one_line(title: str) -> str:
    return inert(" ".join(title[: 4 * MOST_TITLE].split()), MOST_TITLE)

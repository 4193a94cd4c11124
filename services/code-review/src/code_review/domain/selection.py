"""From all that analyzers say to the few comments worth reading."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from code_review.domain.analysis import Outcome
from code_review.domain.change_set import ChangeSet
from code_review.domain.finding import MODEL, Finding, Severity

# Of one analyzer, in characters: many times what a person is shown.
MOST_FINDINGS = 200
MOST_TITLE = 200
MOST_TEXT = 2000
# A model marks a statement where an analyzer marks a word of it; much wider, it means another one.
NEAR_LINES = 2

_RANK = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How many comments a person should have to read at once."""

    comments: int = 20
    per_file: int = 8
    per_rule: int = 4
    # Beyond that, a list says less than its length does.
    summary: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """`comments` go on their lines, ranked; `listed` go into the summary; `dropped` are counted."""

    comments: tuple[Finding, ...]
    listed: tuple[Finding, ...]
    dropped: int


def on_changed_lines(findings: Iterable[Finding], change_set: ChangeSet) -> list[Finding]:
    """Only what this change wrote, ranked, with fingerprints; where a finding is, it stays.

    A finding whose lines are not in one hunk loses its replacement, because nobody could commit it.
    """
    sources = {file.path: file for file in change_set.sources()}
    kept = []
    for finding in findings:
        source = sources.get(finding.path)
        lines = range(finding.start_line, finding.end_line + 1)
        if source is None or source.changed_lines.isdisjoint(lines):
            continue
        committable = commentable(finding, change_set)
        kept.append(finding if committable else replace(finding, replacement=None))
    contents = {path: file.content for path, file in sources.items()}
    return sorted(with_fingerprints(kept, contents), key=rank)


def worth_keeping(findings: Sequence[Finding], change_set: ChangeSet) -> Outcome:
    """What of an analyzer's ranked findings the checkpoint holds: no more than a store takes.

    A pull request decides how many there are, and by the names in its code how long they are.
    """
    kept = tuple(_short(finding) for finding in findings[:MOST_FINDINGS])
    return Outcome(
        findings=kept,
        unplaceable=frozenset(
            each.fingerprint for each in kept if not commentable(each, change_set)
        ),
        dropped=len(findings) - len(kept),
    )


def _short(finding: Finding) -> Finding:
    replacement = finding.replacement
    return replace(
        finding,
        title=_cut(finding.title, MOST_TITLE),
        explanation=_cut(finding.explanation, MOST_TEXT),
        # Half a replacement would be a wrong one.
        replacement=None if replacement and len(replacement) > MOST_TEXT else replacement,
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def commentable(finding: Finding, change_set: ChangeSet) -> bool:
    return change_set.diff.hunk_with(finding.path, finding.start_line, finding.end_line) is not None


def select(findings: Sequence[Finding], unplaceable: frozenset[str], budget: Budget) -> Selection:
    """Rank what is left without duplicates, and spend the budget on the first.

    `unplaceable` are fingerprints of findings that no line of the diff can carry.
    """
    files: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    comments: list[Finding] = []
    listed: list[Finding] = []
    for finding in sorted(_without_duplicates(findings), key=rank):
        affordable = (
            len(comments) < budget.comments
            and files[finding.path] < budget.per_file
            and (finding.analyzer == MODEL or rules[finding.source] < budget.per_rule)
        )
        if affordable and finding.fingerprint not in unplaceable:
            comments.append(finding)
            files[finding.path] += 1
            rules[finding.source] += 1
        else:
            listed.append(finding)
    return Selection(
        comments=tuple(comments),
        listed=tuple(listed[: budget.summary]),
        dropped=max(0, len(listed) - budget.summary),
    )


def rank(finding: Finding) -> tuple[int, float, str, int, str]:
    return (
        _RANK[finding.severity],
        -finding.confidence,
        finding.path,
        finding.start_line,
        finding.source,
    )


def _without_duplicates(findings: Iterable[Finding]) -> list[Finding]:
    """Of what is said twice about one place, the weightier."""
    kept: dict[str, list[Finding]] = defaultdict(list)
    for finding in sorted(findings, key=rank):
        said = kept[finding.path]
        if not any(_same_problem(finding, other) for other in said):
            said.append(finding)
    return [finding for said in kept.values() for finding in said]


def _same_problem(one: Finding, other: Finding) -> bool:
    """Two rules of one analyzer mean two things; two analyzers may mean one, and so may a model."""
    if MODEL in (one.analyzer, other.analyzer):
        near = abs(one.start_line - other.start_line) <= NEAR_LINES
        return near and one.overlaps(other) and one.category == other.category
    if one.start_line != other.start_line:
        return False
    if one.analyzer == other.analyzer:
        return (one.source, one.title) == (other.source, other.title)
    return one.category == other.category


def with_fingerprints(findings: Iterable[Finding], contents: Mapping[str, str]) -> list[Finding]:
    """By rule and code, so that one whose lines only moved keeps its own; equals are counted."""
    seen: Counter[str] = Counter()
    placed = sorted(findings, key=lambda each: (each.path, each.start_line, each.source))
    # A change has many times the text of the few files that something is found in.
    split = {path: contents[path].split("\n") for path in {each.path for each in placed}}
    marked = []
    for finding in placed:
        lines = split[finding.path][finding.start_line - 1 : finding.end_line]
        code = "\n".join(line.strip() for line in lines)
        key = f"{finding.path}\0{finding.source}\0{finding.title}\0{code}"
        seen[key] += 1
        digest = hashlib.sha256(f"{key}\0{seen[key]}".encode(errors="replace")).hexdigest()
        marked.append(replace(finding, fingerprint=digest[:32]))
    return marked

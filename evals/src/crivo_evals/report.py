"""The figures, on the terminal and as a page: both are the same Markdown tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from crivo_evals.accounts import accounts, said
from crivo_evals.cases import Answer
from crivo_evals.outcomes import Comment, Outcome, Reader
from crivo_evals.scoring import Judged, Score, interval, judge, score

READERS: tuple[Reader, ...] = ("model", "analyzer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What there is to report."""

    outcomes: Sequence[Outcome]
    answers: dict[str, Answer]
    model: str | None

    @property
    def judged(self) -> list[Judged]:
        return [judge(self.answers[each.case_id], each.comments) for each in self.outcomes]


def show(console: Console, run: Run) -> None:
    console.print(Markdown("\n".join(_body(run))))


def write(file: Path, run: Run) -> None:
    head = [
        "# How good the reviews are",
        "",
        f"`python -m crivo_evals run`, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC,"
        f" {len(run.outcomes)} pull requests, model: {run.model or 'none'}."
        " What the figures mean: [README](README.md).",
        "",
    ]
    file.write_text("\n".join([*head, *_body(run)]).rstrip() + "\n")


def _body(run: Run) -> list[str]:
    judged = run.judged
    return [
        *_totals(judged),
        "",
        *said(accounts(run.outcomes)),
        "",
        *_by_language(judged),
        "",
        *_by_kind(judged),
        "",
        *_to_judge(judged),
        *_not_whole(run.outcomes),
    ]


def _totals(judged: Sequence[Judged]) -> list[str]:
    rows = [_total("all", judged)]
    rows += [_total(reader, [each.by(reader) for each in judged]) for reader in READERS]
    head = ("comments by", "planted found", "recall", "comments", "precision", "clean with any")
    return _table(head, rows)


def _total(name: str, judged: Sequence[Judged]) -> tuple[str, ...]:
    found = score(judged)
    recall = _figure(found.recall, interval(judged, lambda each: each.recall))
    precision = _figure(found.precision, interval(judged, lambda each: each.precision))
    return (
        name,
        f"{found.found} of {found.planted}",
        recall,
        f"{found.comments}, {found.hits} hit",
        precision,
        f"{found.alarmed} of {found.clean}",
    )


def _figure(value: float | None, within: tuple[float, float] | None) -> str:
    if value is None or within is None:
        return "-"
    return f"{value:.0%} ({within[0]:.0%} to {within[1]:.0%})"


def _by_language(judged: Sequence[Judged]) -> list[str]:
    languages = sorted({each.answer.language for each in judged})
    rows = []
    for language in languages:
        of: Score = score([each for each in judged if each.answer.language == language])
        rows.append(
            (
                language,
                f"{of.found} of {of.planted}",
                f"{of.alarmed} of {of.clean}",
                str(of.false_alarms),
            )
        )
    return _table(("language", "planted found", "clean with a comment", "false alarms"), rows)


def _by_kind(judged: Sequence[Judged]) -> list[str]:
    planted = [each for each in judged if each.answer.is_planted]
    rows = [
        (
            str(each.answer.kind),
            str(each.answer.severity),
            each.answer.id,
            ", ".join(sorted({hit.by for hit in each.hits})) or "**not found**",
        )
        for each in sorted(planted, key=lambda each: str(each.answer.kind))
    ]
    return _table(("kind", "severity", "pull request", "found by"), rows)


def _to_judge(judged: Sequence[Judged]) -> list[str]:
    """Comments that hit nothing count as false alarms until a person has read them."""
    others = [(each.answer, comment) for each in judged for comment in each.others]
    if not others:
        return ["No comment hit nothing."]
    lines = [_other(answer, comment) for answer, comment in others]
    return ["Comments that hit nothing, for a person to judge:", "", *lines]


def _other(answer: Answer, comment: Comment) -> str:
    part = "planted elsewhere" if answer.is_planted else "clean"
    first = next((line for line in comment.body.splitlines() if line.strip()), "")
    place = f"{comment.path}:{comment.first}-{comment.last}"
    return f"- {answer.id} ({part}), `{place}`, {comment.by}: {first}"


def _not_whole(outcomes: Sequence[Outcome]) -> list[str]:
    lines = []
    for each in outcomes:
        missing = (each.review or {}).get("missing_stages") or []
        stages = ", ".join(f"{stage['stage']} ({stage['reason']})" for stage in missing)
        if stages or each.state != "completed":
            lines.append(f"- {each.case_id}: {each.state}{', without ' if stages else ''}{stages}")
    return ["", "Not reviewed as a whole:", "", *lines] if lines else []


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]

"""What a language model says about a change, before anybody has checked it.

These classes are the schema that the model is given; their field names are part of the prompt.
"""

from dataclasses import dataclass

from code_review.domain.finding import Category, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One defect on lines `line`..`end_line` of the new side; `evidence` quotes one line of it."""

    path: str
    line: int
    end_line: int
    severity: Severity
    category: Category
    title: str
    explanation: str
    fix: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Without a default: an answer that says nothing of findings is not one without any."""

    findings: list[Claim]

"""Findings as parts of MongoDB documents."""

from dataclasses import asdict
from typing import Any, TypeAlias

from code_review.domain.finding import Category, Finding, Severity

Document: TypeAlias = dict[str, Any]


def to_finding_document(finding: Finding) -> Document:
    document = asdict(finding)
    return {**document, "severity": finding.severity.value, "category": finding.category.value}


def from_finding_document(stored: Document) -> Finding:
    return Finding(
        **{
            **stored,
            "severity": Severity(stored["severity"]),
            "category": Category(stored["category"]),
        }
    )

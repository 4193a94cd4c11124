"""Everything the service can do."""

from dataclasses import dataclass

from code_review.application.analyze_pull_request import AnalyzePullRequestHandler
from code_review.application.stop_review import StopReviewHandler
from code_review.application.views import Views


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    analyze_pull_request: AnalyzePullRequestHandler
    stop_review: StopReviewHandler
    views: Views

"""The table of contents of the service."""

from dataclasses import dataclass

from platform_integration.application.connect_integration import ConnectIntegrationHandler
from platform_integration.application.connect_repository import ConnectRepositoryHandler
from platform_integration.application.publish_review import PublishReviewHandler
from platform_integration.application.read_change_set import ReadChangeSetHandler
from platform_integration.application.receive_webhook import ReceiveWebhookHandler
from platform_integration.application.report_checks import ReportChecksHandler
from platform_integration.application.resolve_command import ResolveCommandHandler
from platform_integration.application.say_check import SayCheckHandler
from platform_integration.application.views import Views


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    receive_webhook: ReceiveWebhookHandler
    connect_integration: ConnectIntegrationHandler
    connect_repository: ConnectRepositoryHandler
    read_change_set: ReadChangeSetHandler
    publish_review: PublishReviewHandler
    resolve_command: ResolveCommandHandler
    say_check: SayCheckHandler
    report_checks: ReportChecksHandler
    views: Views

"""Everything the service can do."""

from dataclasses import dataclass

from organization.application.bootstrap_organization import BootstrapOrganizationHandler
from organization.application.create_api_key import CreateApiKeyHandler
from organization.application.create_user import CreateUserHandler
from organization.application.revoke_api_key import RevokeApiKeyHandler
from organization.application.sign_in import SignInHandler
from organization.application.verify_api_key import VerifyApiKeyHandler
from organization.application.views import Views


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    bootstrap_organization: BootstrapOrganizationHandler
    sign_in: SignInHandler
    create_user: CreateUserHandler
    create_api_key: CreateApiKeyHandler
    revoke_api_key: RevokeApiKeyHandler
    verify_api_key: VerifyApiKeyHandler
    views: Views

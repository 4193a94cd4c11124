"""The composition root: the one place that knows every class."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from crivo_observability.http import ASGIApp
from crivo_postgres.engine import open_engine
from crivo_postgres.notifier import open_notifier
from crivo_tasks.unavailable import is_unavailable
from crivo_web.application import create_service
from crivo_web.identity import Now, utc_now
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from organization.application.app import App
from organization.application.bootstrap_organization import BootstrapOrganizationHandler
from organization.application.create_api_key import CreateApiKeyHandler
from organization.application.create_user import CreateUserHandler
from organization.application.revoke_api_key import RevokeApiKeyHandler
from organization.application.sign_in import SignInHandler
from organization.application.verify_api_key import VerifyApiKeyHandler
from organization.domain.api_key import SECRET_BYTES
from organization.infrastructure import postgres
from organization.infrastructure.passwords import Argon2Passwords
from organization.infrastructure.tokens import SigningKey
from organization.infrastructure.views import PostgresViews
from organization.presentation.http import (
    STATUS_OF,
    ApiKeyController,
    UserController,
    bootstrap,
    show_caller,
    show_jwks,
    sign_in,
    verify_key,
)
from organization.settings import NAME, Settings

VERSION = "0.1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The application with what its processes run and check."""

    settings: Settings
    engine: AsyncEngine
    app: App
    signing_key: SigningKey

    async def database_answers(self) -> None:
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    def api(self) -> ASGIApp:
        return create_service(
            name=NAME,
            version=VERSION,
            token_key=self.settings.internal_token_key.get_secret_value(),
            ready={"database": self.database_answers},
            controllers=[show_caller, UserController, ApiKeyController],
            internal=[verify_key],
            public=[bootstrap, sign_in, show_jwks],
            status_of=STATUS_OF,
            is_unavailable=is_unavailable,
            dependencies={"app": self.app, "jwks": self.signing_key.jwks()},
        )


@asynccontextmanager
async def open_service(settings: Settings, now: Now = utc_now) -> AsyncIterator[Service]:
    signing_key = SigningKey(settings.signing_key.get_secret_value(), settings.token_issuer)
    async with (
        open_engine(settings.database_url.get_secret_value()) as engine,
        open_notifier(settings.direct_url) as notifier,
    ):
        begin = partial(postgres.begin, engine, notifier)
        passwords = Argon2Passwords()
        token = settings.bootstrap_token
        app = App(
            bootstrap_organization=BootstrapOrganizationHandler(
                begin=begin,
                passwords=passwords,
                token=token.get_secret_value() if token else None,
                now=now,
                new_id=uuid7,
            ),
            sign_in=SignInHandler(begin=begin, passwords=passwords, tokens=signing_key, now=now),
            create_user=CreateUserHandler(begin=begin, passwords=passwords, now=now, new_id=uuid7),
            create_api_key=CreateApiKeyHandler(
                begin=begin,
                now=now,
                new_id=uuid7,
                new_secret=partial(secrets.token_urlsafe, SECRET_BYTES),
            ),
            revoke_api_key=RevokeApiKeyHandler(begin=begin, now=now),
            verify_api_key=VerifyApiKeyHandler(begin=begin, now=now),
            views=PostgresViews(engine),
        )
        yield Service(settings=settings, engine=engine, app=app, signing_key=signing_key)

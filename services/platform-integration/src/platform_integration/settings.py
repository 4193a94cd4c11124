"""All configuration, read once in main. A variable that is missing is named at start."""

import base64
import binascii

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

NAME = "platform-integration"


class Settings(BaseSettings):
    """Variables have the prefix PLATFORM_INTEGRATION_."""

    model_config = SettingsConfigDict(env_prefix="PLATFORM_INTEGRATION_", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(8002, description="Port to listen on")
    database_url: str = Field(description="PostgreSQL, as postgresql+psycopg://…")
    database_direct_url: str | None = Field(
        None, description="The same without a pooler, for LISTEN; default: database_url"
    )
    rabbitmq_url: str = Field(description="AMQP URL with the virtual host")
    internal_token_key: SecretStr = Field(
        min_length=32, description="Key of the identity tokens between services"
    )
    secrets_keys: SecretStr = Field(
        description="Master keys for secrets at rest, base64 of 32 bytes each, comma-separated;"
        " the first one seals"
    )
    allow_private_hosts: bool = Field(
        False, description="Allow code hosts in private networks, and plain http"
    )
    prefetch: int = Field(10, ge=1, description="Messages a worker handles at a time")
    log_level: str = Field("INFO", description="Least level that is logged")

    @field_validator("secrets_keys")
    @classmethod
    def _are_keys(cls, value: SecretStr) -> SecretStr:
        try:
            lengths = {len(key) for key in master_keys(value)}
        except binascii.Error as problem:
            raise ValueError("not base64") from problem
        if lengths != {32}:
            raise ValueError("every key must be 32 bytes, base64-encoded")
        return value

    @property
    def direct_url(self) -> str:
        return self.database_direct_url or self.database_url


def master_keys(value: SecretStr) -> list[bytes]:
    return [
        base64.b64decode(key, validate=True) for key in value.get_secret_value().split(",") if key
    ]

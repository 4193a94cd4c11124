"""All configuration, read once in main. A variable that is missing is named at start."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

NAME = "organization"


class Settings(BaseSettings):
    """Variables have the prefix ORGANIZATION_."""

    model_config = SettingsConfigDict(env_prefix="ORGANIZATION_", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(8001, ge=1, le=65535, description="Port to listen on")
    database_url: SecretStr = Field(description="PostgreSQL, as postgresql+psycopg://…")
    database_direct_url: SecretStr | None = Field(
        None, description="The same without a pooler, for LISTEN; default: database_url"
    )
    rabbitmq_url: SecretStr = Field(description="AMQP URL with the virtual host")
    internal_token_key: SecretStr = Field(
        min_length=32, description="Key of the identity tokens between services"
    )
    signing_key: SecretStr = Field(
        description="Ed25519 private key in PEM, which signs access tokens"
    )
    token_issuer: str = Field("crivo", description="`iss` of access tokens")
    bootstrap_token: SecretStr | None = Field(
        None, min_length=16, description="Whoever has it may make the first organization"
    )
    log_level: str = Field("INFO", description="Least level that is logged")

    @property
    def direct_url(self) -> str:
        return (self.database_direct_url or self.database_url).get_secret_value()

"""All configuration, read once in main. A variable that is missing is named at start."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Variables have the prefix GATEWAY_."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(8000, ge=1, le=65535, description="The public port")
    organization_url: str = Field(description="Where organization answers")
    platform_integration_url: str = Field(description="Where platform-integration answers")
    workflow_queue_url: str = Field(description="Where workflow-queue answers")
    code_review_url: str = Field(description="Where code-review answers")
    redis_url: SecretStr = Field(
        description="Redis, which remembers API keys for 30 s and live events for a day"
    )
    rabbitmq_url: SecretStr = Field(description="AMQP URL with the virtual host")
    internal_token_key: SecretStr = Field(
        min_length=32, description="Key of the identity tokens between services"
    )
    token_issuer: str = Field("crivo", description="`iss` of access tokens")
    live_streams: int = Field(
        200, ge=1, description="Streams of live events that a process serves at a time"
    )
    live_streams_per_organization: int = Field(
        20, ge=1, description="How many of them one organization may have"
    )
    log_level: str = Field("INFO", description="Least level that is logged")

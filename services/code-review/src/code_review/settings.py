"""All configuration, read once in main. A variable that is missing is named at start."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

NAME = "code-review"


class Settings(BaseSettings):
    """Variables have the prefix CODE_REVIEW_."""

    model_config = SettingsConfigDict(env_prefix="CODE_REVIEW_", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(8004, ge=1, le=65535, description="Port to listen on")
    mongodb_url: SecretStr = Field(description="MongoDB, or a server of its wire protocol")
    mongodb_database: str = Field("code_review", description="Name of the database")
    rabbitmq_url: SecretStr = Field(description="AMQP URL with the virtual host")
    internal_token_key: SecretStr = Field(
        min_length=32, description="Key of the identity tokens between services"
    )
    platform_integration_url: str = Field(description="Where change sets come from")
    prefetch: int = Field(4, ge=1, description="Reviews a worker does at a time")
    analyzer_seconds: float = Field(60, gt=0, description="How long an analyzer may take")
    max_comments: int = Field(20, ge=0, description="Comments on lines of one pull request")
    log_level: str = Field("INFO", description="Least level that is logged")

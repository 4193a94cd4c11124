from datetime import timedelta

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from workflow_queue.domain.failure import Policy

_DEFAULTS = Policy()


class Settings(BaseSettings):
    """All configuration, from variables that begin with WORKFLOW_QUEUE_."""

    model_config = SettingsConfigDict(env_prefix="WORKFLOW_QUEUE_", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8003, ge=1, le=65535)
    database_url: SecretStr
    database_direct_url: SecretStr | None = None
    database_pool_size: int = Field(default=10, ge=1)
    rabbitmq_url: SecretStr
    internal_token_key: SecretStr = Field(min_length=32)
    prefetch: int = Field(default=20, ge=1)
    log_level: str = "INFO"
    start_deadline_seconds: float = _DEFAULTS.start_deadline.total_seconds()
    analyze_deadline_seconds: float = _DEFAULTS.analyze_deadline.total_seconds()
    publish_deadline_seconds: float = _DEFAULTS.publish_deadline.total_seconds()
    backoff_seconds: float = _DEFAULTS.backoff.total_seconds()

    @property
    def direct_url(self) -> str:
        """Where sessions live long: LISTEN and advisory locks do not survive a pooler."""
        return (self.database_direct_url or self.database_url).get_secret_value()

    @property
    def policy(self) -> Policy:
        return Policy(
            start_deadline=timedelta(seconds=self.start_deadline_seconds),
            analyze_deadline=timedelta(seconds=self.analyze_deadline_seconds),
            publish_deadline=timedelta(seconds=self.publish_deadline_seconds),
            backoff=timedelta(seconds=self.backoff_seconds),
        )


class MigrationSettings(BaseSettings):
    """What `migrate` and `rebuild` need: the database and nothing else."""

    model_config = SettingsConfigDict(env_prefix="WORKFLOW_QUEUE_", frozen=True)

    database_url: SecretStr
    log_level: str = "INFO"

from datetime import timedelta

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from workflow_queue.domain.cadence import Cadence, Mode
from workflow_queue.domain.failure import Policy
from workflow_queue.domain.fair_share import Limits

_DEFAULTS = Policy()
_LIMITS = Limits()
_CADENCE = Cadence()


class Settings(BaseSettings):
    """All configuration, from variables that begin with WORKFLOW_QUEUE_."""

    model_config = SettingsConfigDict(env_prefix="WORKFLOW_QUEUE_", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(8003, ge=1, le=65535, description="Port to listen on")
    database_url: SecretStr = Field(description="PostgreSQL, as postgresql+psycopg://…")
    database_direct_url: SecretStr | None = Field(
        None, description="The same without a pooler, for LISTEN and locks; default: database_url"
    )
    read_database_url: SecretStr | None = Field(
        None, description="A replica for lists, history and metrics; default: database_url"
    )
    database_pool_size: int = Field(
        10,
        ge=1,
        description="Connections of a process at most for jobs, and as many for lists and metrics",
    )
    rabbitmq_url: SecretStr = Field(description="AMQP URL with the virtual host")
    internal_token_key: SecretStr = Field(
        min_length=32, description="Key of the identity tokens between services"
    )
    prefetch: int = Field(20, ge=1, description="Messages a worker handles at a time")
    log_level: str = Field("INFO", description="Least level that is logged")
    analyze_deadline_seconds: float = Field(
        _DEFAULTS.analyze_deadline.total_seconds(),
        description="How long an analysis may take, with its wait for a worker",
    )
    publish_deadline_seconds: float = Field(
        _DEFAULTS.publish_deadline.total_seconds(), description="How long publishing may take"
    )
    lease_seconds: float = Field(
        _DEFAULTS.lease.total_seconds(),
        gt=0,
        description="How long a worker may send no heartbeat; one comes every 5 seconds",
    )
    backoff_seconds: float = Field(
        _DEFAULTS.backoff.total_seconds(), description="Wait before the first retry; then doubled"
    )
    archive_after_days: int = Field(
        90, ge=0, description="Age at which events of ended jobs are moved to the archive; 0: never"
    )

    window: int = Field(
        _LIMITS.window,
        ge=1,
        description="Jobs in workers' hands at a time; about what all of them can do together",
    )
    organization_concurrency: int = Field(
        _LIMITS.organization, ge=1, description="Jobs of one organization at a time"
    )
    integration_concurrency: int = Field(
        _LIMITS.integration, ge=1, description="Jobs on one connected code host at a time"
    )

    cadence_mode: Mode = Field(
        _CADENCE.mode,
        description="When a repository without a cadence of its own is reviewed:"
        " automatic, manual or auto_pause",
    )
    cadence_pushes: int = Field(
        _CADENCE.pushes, ge=1, description="Pushes that pause a pull request in auto_pause"
    )
    cadence_window_seconds: int = Field(
        int(_CADENCE.window.total_seconds()), ge=1, description="Within how long they do so"
    )

    @property
    def direct_url(self) -> str:
        """Where sessions live long: LISTEN and advisory locks do not survive a pooler."""
        return (self.database_direct_url or self.database_url).get_secret_value()

    @property
    def limits(self) -> Limits:
        return Limits(
            window=self.window,
            organization=self.organization_concurrency,
            integration=self.integration_concurrency,
        )

    @property
    def cadence(self) -> Cadence:
        return Cadence(
            mode=self.cadence_mode,
            pushes=self.cadence_pushes,
            window=timedelta(seconds=self.cadence_window_seconds),
        )

    @property
    def policy(self) -> Policy:
        return Policy(
            analyze_deadline=timedelta(seconds=self.analyze_deadline_seconds),
            publish_deadline=timedelta(seconds=self.publish_deadline_seconds),
            lease=timedelta(seconds=self.lease_seconds),
            backoff=timedelta(seconds=self.backoff_seconds),
        )


class MigrationSettings(BaseSettings):
    """What `migrate`, `rebuild` and `archive` need: the database and nothing else."""

    model_config = SettingsConfigDict(env_prefix="WORKFLOW_QUEUE_", frozen=True)

    database_url: SecretStr
    log_level: str = "INFO"

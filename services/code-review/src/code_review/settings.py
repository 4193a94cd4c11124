"""All configuration, read once in main. A variable that is missing is named at start."""

import re
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from code_review.domain.model_usage import Price

NAME = "code-review"
# What can stand in a header.
KEY = re.compile(r"[!-~]+")


class Settings(BaseSettings):
    """Variables have the prefix CODE_REVIEW_."""

    # What is wrong is told without what was given, which may be a key. Compose says unset by empty.
    model_config = SettingsConfigDict(
        env_prefix="CODE_REVIEW_", frozen=True, hide_input_in_errors=True, env_ignore_empty=True
    )

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

    model_url: str | None = Field(
        None, description="Address of an OpenAI-compatible API, such as `https://api.openai.com/v1`"
    )
    model_name: str | None = Field(None, description="Model to ask; needed with the address")
    model_fallback_name: str | None = Field(
        None, description="Model at the same address that is asked when the first one fails"
    )
    model_api_key: SecretStr | None = Field(None, description="Key of that API")
    model_api_key_file: Path | None = Field(None, description="File with the key, instead of it")
    model_output: Literal["json_schema", "tool", "json"] = Field(
        "json_schema", description="How structured output is asked for: also `tool` or `json`"
    )
    model_seconds: float = Field(300, gt=0, description="How long the model stage may take")
    model_request_seconds: float = Field(120, gt=0, description="How long one answer may take")
    model_input_tokens: int = Field(
        60_000, ge=1, description="Tokens of a review that are sent, as estimated"
    )
    model_output_tokens: int = Field(
        8_000, ge=1, description="Tokens of one answer, reasoning included"
    )
    model_concurrency: int = Field(4, ge=1, description="Questions that are open at a time")
    model_prices: dict[str, Price] = Field(
        {},
        description='Own prices, USD per million tokens: `{"name": {"input": 0.25, "output": 2}}`',
    )

    @property
    def model_names(self) -> tuple[str, ...]:
        """None without an address."""
        names = (self.model_name, self.model_fallback_name) if self.model_url else ()
        return tuple(name for name in names if name)

    @field_validator("model_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        if url is not None and not _is_plain(url):
            raise ValueError(
                "CODE_REVIEW_MODEL_URL is an http(s) address without credentials, query or fragment"
            )
        return url

    @model_validator(mode="before")
    @classmethod
    def _read_key(cls, given: dict[str, Any]) -> dict[str, Any]:
        path = given.get("model_api_key_file")
        if not path:
            return given
        if given.get("model_api_key"):
            raise ValueError(
                "CODE_REVIEW_MODEL_API_KEY and CODE_REVIEW_MODEL_API_KEY_FILE: only one may be set"
            )
        try:
            key = Path(path).read_text().strip()
        except (OSError, ValueError) as problem:
            reason = type(problem).__name__
            raise ValueError(f"CODE_REVIEW_MODEL_API_KEY_FILE cannot be read: {reason}") from None
        return given | {"model_api_key": key}

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.model_url and not self.model_name:
            raise ValueError("CODE_REVIEW_MODEL_NAME is needed with CODE_REVIEW_MODEL_URL")
        key = self.model_api_key
        if key is not None and not KEY.fullmatch(key.get_secret_value()):
            raise ValueError(
                "CODE_REVIEW_MODEL_API_KEY, or what is in CODE_REVIEW_MODEL_API_KEY_FILE, is no key"
            )
        return self


def _is_plain(url: str) -> bool:
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    extras = (parts.username, parts.password, parts.query, parts.fragment)
    return parts.scheme in ("http", "https") and named and not any(extras) and "@" not in url

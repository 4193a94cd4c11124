"""What the worker is told about a language model, and what is refused at start by its name."""

from decimal import Decimal
from pathlib import Path

import pytest
from code_review.domain.model_usage import Price
from code_review.settings import Settings
from pydantic import SecretStr, ValidationError

NEEDED = {
    "MONGODB_URL": "mongodb://127.0.0.1",
    "RABBITMQ_URL": "amqp://127.0.0.1",
    "INTERNAL_TOKEN_KEY": "a test key that is thirty-two characters long",
    "PLATFORM_INTEGRATION_URL": "http://127.0.0.1",
}
A_MODEL = {"MODEL_URL": "https://api.example.com/v1", "MODEL_NAME": "gpt-5-mini"}


class Read:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(self, **variables: str) -> Settings:
        for name, value in (NEEDED | variables).items():
            self._monkeypatch.setenv(f"CODE_REVIEW_{name}", value)
        return Settings()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    return Read(monkeypatch)


def refusal(read: Read, **variables: str) -> str:
    with pytest.raises(ValidationError) as refused:
        read(**variables)
    assert "sk-" not in str(refused.value)
    return str(refused.value)


def test_without_an_address_there_is_no_model(read: Read) -> None:
    empty = dict.fromkeys(["MODEL_URL", "MODEL_NAME", "MODEL_API_KEY", "MODEL_PRICES"], "")
    settings = read(**empty, MODEL_API_KEY_FILE="", MODEL_FALLBACK_NAME="", MODEL_OUTPUT="")
    assert settings.model_url is None
    assert settings.model_names == ()
    assert settings.model_output == "json_schema"


def test_a_model_has_a_name_and_may_have_another_behind_it(read: Read) -> None:
    assert read(**A_MODEL).model_names == ("gpt-5-mini",)
    both = read(**A_MODEL, MODEL_FALLBACK_NAME="gpt-5")
    assert both.model_names == ("gpt-5-mini", "gpt-5")


def test_an_address_without_a_name_is_refused(read: Read) -> None:
    told = refusal(read, MODEL_URL="https://api.example.com/v1")
    assert "CODE_REVIEW_MODEL_NAME is needed with CODE_REVIEW_MODEL_URL" in told


@pytest.mark.parametrize(
    "url",
    [
        "api.example.com",
        "ftp://api.example.com",
        "https://",
        "https://sk-user@api.example.com/v1",
        "https://user:sk-1@api.example.com/v1",
        "https://api.example.com/v1?key=sk-1",
        "https://api.example.com/v1#x",
        "https://[::1",
    ],
)
def test_an_address_is_one_of_http_with_nothing_secret_in_it(read: Read, url: str) -> None:
    assert "CODE_REVIEW_MODEL_URL" in refusal(read, MODEL_URL=url, MODEL_NAME="gpt-5-mini")


def test_the_key_may_be_in_a_file(read: Read, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(" sk-1\n")
    settings = read(**A_MODEL, MODEL_API_KEY_FILE=str(tmp_path / "key"))
    assert settings.model_api_key == SecretStr("sk-1")
    assert "sk-1" not in repr(settings)


def test_a_key_in_two_places_is_refused(read: Read, tmp_path: Path) -> None:
    told = refusal(read, MODEL_API_KEY="sk-1", MODEL_API_KEY_FILE=str(tmp_path / "key"))
    assert "CODE_REVIEW_MODEL_API_KEY and CODE_REVIEW_MODEL_API_KEY_FILE" in told


@pytest.mark.parametrize("content", [None, b"", b"\xff", b"sk-1 sk-2", "sk-ü".encode()])
def test_a_file_without_a_key_is_refused_by_name(
    read: Read, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    told = refusal(read, MODEL_API_KEY_FILE=str(tmp_path / "key"))
    assert "CODE_REVIEW_MODEL_API_KEY_FILE" in told


def test_a_key_that_is_none_is_refused_by_name(read: Read) -> None:
    assert "CODE_REVIEW_MODEL_API_KEY" in refusal(read, MODEL_API_KEY="sk-1\nsk-2")


def test_prices_are_dollars_for_a_million_tokens(read: Read) -> None:
    prices = read(MODEL_PRICES='{"own": {"input": 0.25, "output": 2}}').model_prices
    assert prices == {"own": Price(input=Decimal("0.25"), output=Decimal(2))}


@pytest.mark.parametrize(
    "prices",
    ['{"own": {"input": 1}}', '{"own": {"input": -1, "output": 1}}', '{"own": 1}', "[]"],
)
def test_a_price_that_is_none_is_refused_by_name(read: Read, prices: str) -> None:
    assert "model_prices" in refusal(read, MODEL_PRICES=prices)

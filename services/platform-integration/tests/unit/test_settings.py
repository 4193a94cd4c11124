"""A configuration that cannot work is refused at start, by the name of what is wrong."""

import base64

import pytest
from platform_integration.settings import Settings, master_keys
from platform_integration_support.callers import KEY
from pydantic import SecretStr, ValidationError

GOOD, OTHER = (base64.b64encode(byte * 32).decode() for byte in (b"1", b"2"))


def configured(secrets_keys: str) -> Settings:
    return Settings(
        database_url="postgresql+psycopg://host/database",
        rabbitmq_url="amqp://host/",
        internal_token_key=SecretStr(KEY),
        secrets_keys=SecretStr(secrets_keys),
    )


def test_the_first_of_several_keys_seals() -> None:
    assert master_keys(configured(f"{GOOD},{OTHER}").secrets_keys) == [b"1" * 32, b"2" * 32]


@pytest.mark.parametrize("keys", ["", ",", "not base64!", "c2hvcnQ=", f"{GOOD},c2hvcnQ="])
def test_a_master_key_is_thirty_two_bytes_in_base64(keys: str) -> None:
    with pytest.raises(ValidationError, match="secrets_keys") as raised:
        configured(keys)
    assert GOOD not in str(raised.value)

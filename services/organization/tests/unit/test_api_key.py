"""What a key's text says, and when it opens."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from organization.domain.account import (
    InvalidAccount,
    NotAllowed,
    Role,
    check_password,
    normalised_email,
    require,
)
from organization.domain.api_key import ApiKey, hashed, parsed, written

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def a_key(**changes: datetime) -> ApiKey:
    return ApiKey(
        id=uuid4(),
        organization_id=uuid4(),
        name="ci",
        role=Role.MEMBER,
        secret_hash=hashed("secret"),
        created_at=NOW,
        **changes,
    )


def test_a_key_is_read_as_it_was_written() -> None:
    number = uuid4()
    assert parsed(written(number, "s_e-cret")) == (number, "s_e-cret")


@pytest.mark.parametrize(
    "text",
    ["", "crivo_", "crivo_abc_x", f"crivo_{'0' * 32}", f"crivo_{'0' * 32}_", f"crivo_{'z' * 32}_x",
     f"other_{'0' * 32}_x", f"crivo_{'0' * 32}_é"],
)  # fmt: skip
def test_other_text_is_no_key(text: str) -> None:
    assert parsed(text) is None


def test_a_key_opens_with_its_secret_until_it_expires_or_is_revoked() -> None:
    assert a_key().opens("secret", NOW)
    assert not a_key().opens("another", NOW)
    assert not a_key(revoked_at=NOW).opens("secret", NOW)
    expiring = a_key(expires_at=NOW + timedelta(seconds=1))
    assert expiring.opens("secret", NOW)
    assert not expiring.opens("secret", NOW + timedelta(seconds=1))


def test_a_use_is_noted_once_a_minute() -> None:
    key = a_key(last_used_at=NOW)
    assert a_key().is_use_worth_noting(NOW)
    assert not key.is_use_worth_noting(NOW + timedelta(seconds=59))
    assert key.is_use_worth_noting(NOW + timedelta(seconds=60))


def test_a_role_includes_those_below_it() -> None:
    require(Role.OWNER, Role.ADMIN)
    require(Role.ADMIN, Role.ADMIN)
    with pytest.raises(NotAllowed):
        require(Role.MEMBER, Role.ADMIN)


@pytest.mark.parametrize("email", ["", "ana", "a b@c", "a@b\n", "@", "a@" + "b" * 300])
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(InvalidAccount):
        normalised_email(email.replace("\n", "\x00"))


def test_addresses_are_alike_whatever_their_case() -> None:
    assert normalised_email(" Ana@Acme.Example ") == "ana@acme.example"


@pytest.mark.parametrize("length", [11, 129])
def test_a_password_is_neither_short_nor_endless(length: int) -> None:
    with pytest.raises(InvalidAccount):
        check_password("x" * length)

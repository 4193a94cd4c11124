import pytest
from platform_integration.application.ports import CannotOpen
from platform_integration.domain.integration import Secrets
from platform_integration.infrastructure.sealing import Sealer
from uuid_utils.compat import uuid7

SECRETS = Secrets(token="ghp_token", webhook_secret="hook-secret")
OLD, NEW = b"o" * 32, b"n" * 32


def test_sealed_secrets_open_for_their_owner_only() -> None:
    owner, sealer = uuid7(), Sealer([NEW])
    sealed = sealer.seal(SECRETS, owner=owner)
    assert b"ghp_token" not in sealed
    assert sealer.open(sealed, owner=owner) == SECRETS
    with pytest.raises(CannotOpen):
        sealer.open(sealed, owner=uuid7())


def test_every_changed_byte_is_noticed() -> None:
    owner, sealer = uuid7(), Sealer([NEW])
    sealed = sealer.seal(SECRETS, owner=owner)
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(CannotOpen):
            sealer.open(bytes(changed), owner=owner)


@pytest.mark.parametrize("length", [0, 1, 20, 80])
def test_a_torn_record_does_not_open(length: int) -> None:
    owner, sealer = uuid7(), Sealer([NEW])
    with pytest.raises(CannotOpen):
        sealer.open(sealer.seal(SECRETS, owner=owner)[:length], owner=owner)


def test_a_new_master_key_reads_what_the_old_one_sealed() -> None:
    owner = uuid7()
    sealed = Sealer([OLD]).seal(SECRETS, owner=owner)
    assert Sealer([NEW, OLD]).open(sealed, owner=owner) == SECRETS
    with pytest.raises(CannotOpen, match="not configured"):
        Sealer([NEW]).open(sealed, owner=owner)


def test_secrets_do_not_show_themselves() -> None:
    assert "ghp_token" not in f"{SECRETS!r} {SECRETS}"

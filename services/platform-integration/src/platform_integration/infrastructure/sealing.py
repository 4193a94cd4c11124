"""Secrets at rest: envelope encryption with AES-256-GCM.

Each record has a data key of its own, wrapped by the master key; the master key's id is stored
with it, so that a new one can be introduced while old records are still readable. Layout: version
(1 byte), key id (8), nonce (12) and wrapped data key (48), nonce (12) and ciphertext.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from platform_integration.application.ports import CannotOpen
from platform_integration.domain.integration import Secrets

_VERSION = b"\x01"
_KEY_ID, _NONCE, _WRAPPED = 8, 12, 48


class Sealer:
    """Seals with the first key and opens with any; each key is 32 bytes."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != 32 for key in keys):
            raise ValueError("every master key must have 32 bytes")
        self._keys = {_key_id(key): AESGCM(key) for key in keys}
        self._first = _key_id(keys[0])

    def seal(self, secrets: Secrets, *, owner: UUID) -> bytes:
        """`owner` is the row's id: a sealed record moved to another row does not open there."""
        data_key = AESGCM.generate_key(256)
        wrapping, sealing = os.urandom(_NONCE), os.urandom(_NONCE)
        plain = json.dumps([secrets.token, secrets.webhook_secret]).encode()
        return b"".join(
            [
                _VERSION,
                self._first,
                wrapping,
                self._keys[self._first].encrypt(wrapping, data_key, owner.bytes),
                sealing,
                AESGCM(data_key).encrypt(sealing, plain, owner.bytes),
            ]
        )

    def open(self, sealed: bytes, *, owner: UUID) -> Secrets:
        """Raise CannotOpen."""
        version, key_id, rest = sealed[:1], sealed[1 : 1 + _KEY_ID], sealed[1 + _KEY_ID :]
        master = self._keys.get(key_id)
        if version != _VERSION or master is None:
            raise CannotOpen("sealed with a master key that is not configured")
        wrapping, rest = rest[:_NONCE], rest[_NONCE:]
        wrapped, rest = rest[:_WRAPPED], rest[_WRAPPED:]
        try:
            data_key = master.decrypt(wrapping, wrapped, owner.bytes)
            plain = AESGCM(data_key).decrypt(rest[:_NONCE], rest[_NONCE:], owner.bytes)
        except (InvalidTag, ValueError) as problem:
            raise CannotOpen("the sealed record is not intact") from problem
        token, webhook_secret = json.loads(plain)
        return Secrets(token=token, webhook_secret=webhook_secret)


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"crivo key id" + key).digest()[:_KEY_ID]

"""Access tokens signed with Ed25519 (RFC 8037), and the public key as a JWK set (RFC 7517)."""

import base64
import hashlib
import json
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from uuid_utils.compat import uuid7

from organization.application.sign_in import TOKEN_LIFE
from organization.domain.account import User

AUDIENCE = "crivo"


class UnusableKey(ValueError):
    """The signing key is not an Ed25519 private key in PEM."""


class SigningKey:
    """Implements Tokens."""

    def __init__(self, pem: str, issuer: str) -> None:
        """Raise UnusableKey."""
        try:
            key = serialization.load_pem_private_key(pem.encode(), password=None)
        except (ValueError, TypeError) as problem:
            raise UnusableKey("not a private key in PEM") from problem
        if not isinstance(key, Ed25519PrivateKey):
            raise UnusableKey(
                "not an Ed25519 key; make one with openssl genpkey -algorithm ed25519"
            )
        self._key = key
        self._issuer = issuer
        public = key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        jwk = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(public)}
        # RFC 7638: the digest of the required members, sorted, without spaces.
        canonical = json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode()
        self._id = _base64url(hashlib.sha256(canonical).digest())
        self._jwk = {**jwk, "kid": self._id, "alg": "EdDSA", "use": "sig"}

    def issue(self, user: User, now: datetime) -> str:
        claims = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": str(user.id),
            "organization_id": str(user.organization_id),
            "role": user.role.value,
            "iat": now,
            "exp": now + TOKEN_LIFE,
            "jti": str(uuid7()),
        }
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"kid": self._id})

    def jwks(self) -> dict[str, Any]:
        return {"keys": [self._jwk]}


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

"""Prints every secret that docker-compose.yml asks for, new each time; needs nothing installed.

Once, into `.env`: new SECRETS_KEYS cannot read what the old ones sealed.
"""

import base64
import secrets
import sys

PASSWORDS = (
    "POSTGRES_PASSWORD",
    "MONGO_PASSWORD",
    "RABBITMQ_PASSWORD",
    "REDIS_PASSWORD",
    "ORGANIZATION_DATABASE_PASSWORD",
    "PLATFORM_INTEGRATION_DATABASE_PASSWORD",
    "WORKFLOW_QUEUE_DATABASE_PASSWORD",
    "CODE_REVIEW_DATABASE_PASSWORD",
    "GRAFANA_PASSWORD",
)
# What precedes the 32 bytes of an Ed25519 private key in PKCS 8 (RFC 8410, section 7).
PKCS8_ED25519 = bytes.fromhex("302e020100300506032b657004220420")


def variables() -> dict[str, str]:
    # Passwords stand in URLs, so they are made of characters that need no escape there.
    made = {name: secrets.token_urlsafe(24) for name in PASSWORDS}
    return {
        **made,
        "INTERNAL_TOKEN_KEY": secrets.token_urlsafe(48),
        "SECRETS_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
        "SIGNING_KEY": private_key(),
        "BOOTSTRAP_TOKEN": secrets.token_urlsafe(24),
    }


def private_key() -> str:
    encoded = base64.b64encode(PKCS8_ED25519 + secrets.token_bytes(32)).decode()
    return f"-----BEGIN PRIVATE KEY-----\n{encoded}\n-----END PRIVATE KEY-----\n"


def quoted(value: str) -> str:
    escaped = value.replace("\n", "\\n")
    return f'"{escaped}"'


if __name__ == "__main__":
    for name, value in variables().items():
        sys.stdout.write(f"{name}={quoted(value)}\n")

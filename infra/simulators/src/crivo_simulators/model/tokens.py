"""Tokens as this server counts them, so that everybody can: four bytes of UTF-8 are one."""

BYTES_PER_TOKEN = 4


def tokens_of(text: str) -> int:
    return -(-len(_bytes(text)) // BYTES_PER_TOKEN)


def first_tokens(text: str, most: int) -> str:
    """As much of the text as `most` tokens hold, without half a character at its end."""
    return _bytes(text)[: most * BYTES_PER_TOKEN].decode(errors="ignore")


def _bytes(text: str) -> bytes:
    # JSON can hold half a surrogate pair, which UTF-8 cannot.
    return text.encode(errors="replace")

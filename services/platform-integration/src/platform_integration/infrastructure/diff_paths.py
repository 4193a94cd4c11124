"""The names of files in a diff, which git writes as C strings when they are not plain ASCII."""

import re

_ESCAPE = re.compile(rb"\\([0-3][0-7]{2}|.)", re.DOTALL)
_LETTERS = {
    b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r",
}  # fmt: skip
_UNSAFE = re.compile(r'[\x00-\x1f"\\\x7f]')


def unquoted(name: str) -> str:
    """https://git-scm.com/docs/git-config#Documentation/git-config.txt-corequotePath"""
    if not (name.startswith('"') and name.endswith('"')):
        return name
    return _ESCAPE.sub(_character, name[1:-1].encode()).decode(errors="replace")


def quoted(name: str) -> str:
    """A name could otherwise end its line and write the next one of the diff."""
    if not _UNSAFE.search(name):
        return name
    return '"' + _UNSAFE.sub(lambda found: f"\\{ord(found[0]):03o}", name) + '"'


def _character(found: re.Match[bytes]) -> bytes:
    said = found[1]
    return bytes([int(said, 8)]) if said.isdigit() else _LETTERS.get(said, said)

"""File names that aren't UTF-8, in a form that every file format and message takes, and back."""

import re

_ESCAPED = re.compile(r"\\x[0-9a-f]{2}", re.IGNORECASE)
_MUST = re.compile(r"\\x[0-9a-f]{2}|[\ud800-\udfff]", re.IGNORECASE)
_TO_ESCAPE = re.compile(r"\\|[\ud800-\udfff]")
_ESCAPES = re.compile(r"\\(\\|x[0-9a-f]{2})", re.IGNORECASE)
_FIRST_BYTE = 0xDC00
"""How Python holds a byte of a name that no character has: as a code point from here on."""


def written_name(name: str) -> str:
    r"""A name as it is written down: each byte that isn't UTF-8 as \xff, and then each backslash as two.

    All other names stay as they are, but for those that look like one so written.
    """
    if not _MUST.search(name):
        return name
    return _TO_ESCAPE.sub(_escape, name)


def file_name(written: str) -> str:
    """The name of the file on this machine, of a written one."""
    if not _ESCAPED.search(written):
        return written
    return _ESCAPES.sub(_unescape, written)


def _escape(found: re.Match[str]) -> str:
    return "\\\\" if found[0] == "\\" else f"\\x{(ord(found[0]) - _FIRST_BYTE) & 0xFF:02x}"


def _unescape(found: re.Match[str]) -> str:
    if found[1] == "\\":
        return "\\"
    byte = int(found[1][1:], 16)
    return chr(byte if byte < 0x80 else _FIRST_BYTE + byte)

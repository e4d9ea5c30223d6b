"""How values are written: JSON that people read, times, digests. One way for the whole project."""

import hashlib
from datetime import UTC, datetime
from typing import Any, BinaryIO

import msgspec

_PIECE = 1 << 20


def json_bytes(value: Any, indent: int = 2) -> bytes:
    """A value as JSON with one key per line, UTF-8, without a line end after it."""
    return msgspec.json.format(msgspec.json.encode(value), indent=indent)


def utc_now() -> str:
    """The time, to the second, such as 2026-11-24T08:00:00+00:00."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def sha256_hex(content: bytes) -> str:
    """SHA-256 of bytes, 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def stream_sha256(stream: BinaryIO) -> str:
    """SHA-256 of what is left of a stream, 64 hex digits, in bounded memory."""
    digest = hashlib.sha256()
    while piece := stream.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()

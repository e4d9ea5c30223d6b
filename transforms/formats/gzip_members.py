"""The frames of a gzip file: where members begin, and whether the last ones are whole."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO

MAGIC = b"\x1f\x8b\x08"
_CHUNK = 1 << 18


class DamagedStreamError(Exception):
    """A compressed stream that is cut or corrupt: its message says which, and where."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        """`truncated` or `corrupt`."""


def inflate(stream: BinaryIO, start: int = 0) -> Iterator[bytes]:
    """The content of all gzip members of a stream from here on, in pieces of at most 256 KiB.

    `start` is the offset of the stream's position, for messages.

    Raises:
        DamagedStreamError: after everything that could be inflated has been yielded.
    """
    offset = start
    chunk = stream.read(_CHUNK)
    while chunk:
        if not (rest := chunk.lstrip(b"\0")):  # tapes and disks fill up with zeros
            offset += len(chunk)
            chunk = stream.read(_CHUNK)
            continue
        offset += len(chunk) - len(rest)
        chunk = rest
        member_start = offset
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            if not chunk:
                raise DamagedStreamError(
                    "truncated", f"the file ends inside the gzip member at byte {member_start}"
                )
            try:
                piece = member.decompress(chunk, _CHUNK)
            except zlib.error as error:
                detail = f"gzip member at byte {member_start}: {error}"
                raise DamagedStreamError("corrupt", detail) from error
            rest = member.unused_data if member.eof else member.unconsumed_tail
            offset += len(chunk) - len(rest)
            if piece:
                yield piece
            chunk = rest
            if not chunk:
                chunk = stream.read(_CHUNK)


def damage_after(stream: BinaryIO, start: int) -> DamagedStreamError | None:
    """What is wrong with the gzip members from byte `start` to the end of a file, if anything is.

    FastWARC and warcio take a cut member for the end of the file.
    """
    stream.seek(start)
    try:
        for _ in inflate(stream, start):
            pass
    except DamagedStreamError as damage:
        return damage
    return None


def after_empty_member(stream: BinaryIO, start: int) -> int | None:
    """The offset behind the first member from byte `start` on that holds nothing, None where there is none
    or nothing follows it. Damage ends the search.

    FastWARC takes such a member for the end of the file. Tools that cut a file into blocks (bgzip) end with
    one, so that it lies in the middle of what was joined from several.
    """
    stream.seek(start)
    offset = start
    chunk = stream.read(_CHUNK)
    while chunk:
        member = zlib.decompressobj(wbits=31)
        empty = True
        while not member.eof and chunk:
            try:
                empty = not member.decompress(chunk, _CHUNK) and empty
            except zlib.error:
                return None
            rest = member.unused_data if member.eof else member.unconsumed_tail
            offset += len(chunk) - len(rest)
            chunk = rest or stream.read(_CHUNK)
        if member.eof and empty and chunk:
            return offset
    return None


def next_member(stream: BinaryIO, start: int) -> int | None:
    """The offset of the first gzip magic at or after byte `start`, None when there is no more."""
    stream.seek(start)
    offset, window = start, b""
    while chunk := stream.read(_CHUNK):
        window += chunk
        found = window.find(MAGIC)
        if found >= 0:
            return offset + found
        keep = len(MAGIC) - 1
        offset += max(len(window) - keep, 0)
        window = window[-keep:]
    return None

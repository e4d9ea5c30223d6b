"""The records of a WARC file by FastWARC, with the damage that it passes over in silence.

FastWARC takes a cut file for a finished one and skips what follows a wrong Content-Length in its
lenient mode. Here every block is compared with its declared length, the last gzip members are
checked to be whole, and after damage reading goes on where the file's own framing allows it: at the
next gzip member. In an uncompressed file it goes on at the next line that begins a record, which a
page's own text could forge; that happens in damaged files alone, and those are reported.
"""

import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import msgspec
from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from wellspring.transforms.formats.gzip_members import (
    MAGIC,
    DamagedStreamError,
    after_empty_member,
    damage_after,
    next_member,
)
from wellspring.transforms.formats.limits import Limits

MAX_RESTARTS = 100
_LENGTH = re.compile(r"\d{1,18}", re.ASCII)
_BLANK_LINE = re.compile(rb"\n\r?\n")
_DECLARED = re.compile(rb"\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r?\n", re.IGNORECASE)
_GAP_BYTES = 1 << 16
_KINDS = {
    int(WarcRecordType.conversion): "conversion",
    int(WarcRecordType.response): "response",
    int(WarcRecordType.resource): "resource",
    int(WarcRecordType.warcinfo): "warcinfo",
}
_UNKNOWN = (int(WarcRecordType.unknown), int(WarcRecordType.no_type))


class WarcBlock(msgspec.Struct, frozen=True):
    """One conversion, response, resource or warcinfo record.

    `headers` has names in lower case, the first of each. `block` is None where `problem` says why it
    was not read or can't be used: (reason, detail) of a record reject.
    """

    kind: str
    headers: dict[str, str]
    block: bytes | None
    offset: int
    problem: tuple[str, str] | None = None


class Damage(msgspec.Struct, frozen=True):
    """What is wrong with a file: `truncated` or `corrupt`, the byte to look at, the particulars."""

    reason: str
    offset: int
    detail: str


def iterate_records(stream: BinaryIO, limits: Limits) -> Iterator[WarcBlock | Damage]:
    """Yields records as they come; at most one block of `limits.max_record_bytes` is held.

    Damage is yielded where it is met, any number of times. A stream that can't seek is read to the
    first damage and not checked for a cut last gzip member.
    """
    seekable = stream.seekable()
    head = b""
    if seekable:
        head = stream.read(4096)
        stream.seek(0)
    is_gzip = head.startswith(MAGIC)
    start = skip = 0
    lenient = _has_bare_line_ends(head)
    damaged = False
    # In its lenient mode FastWARC passes over what is no record; elsewhere it says so.
    gaps = _Gaps(stream) if lenient and seekable and not is_gzip else None
    restarts = 0
    while restarts < MAX_RESTARTS:
        seen = 0
        position = start
        try:
            for record in ArchiveIterator(stream, parse_http=False, quirks_mode=lenient):
                position = record.stream_pos
                seen += 1
                if seen <= skip:
                    continue
                if gaps and not damaged and (gap := gaps.before(position)):
                    damaged = True
                    yield gap
                for item in _read(record, position, limits):
                    damaged = damaged or isinstance(item, Damage)
                    yield item
        except DamagedStreamError as error:  # of a compression that is undone before
            yield Damage(error.reason, position, f"{error}, at or after byte {position}")
            return
        except OSError as error:
            yield Damage("corrupt", position, f"{error}, at or after byte {position}")
            damaged = True
            restarts += 1
            if not seekable:
                return
            if "header" in str(error) and not lenient:
                # Again from here in FastWARC's lenient mode, past what has been yielded.
                lenient, skip = True, seen
            else:
                found = next_member(stream, position + 1) if is_gzip else None
                if found is None:
                    return
                start, skip = found, 0
            stream.seek(start)
        else:
            if is_gzip:
                members_from = _begin_of_member(stream, position, start)
                begin = after_empty_member(stream, members_from)
                if begin is not None:
                    start, skip = begin, 0
                    stream.seek(start)
                    continue
                if not damaged:
                    yield from _cut_at_end(stream, members_from)
            elif gaps and not damaged and (gap := gaps.before(None)):
                yield gap
            return
    yield Damage("corrupt", position, f"gave up after {MAX_RESTARTS} damaged places")


class _Gaps:
    """Bytes between the records of an uncompressed file, which should be line ends."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._last: int | None = None
        """Where the record before begins."""

    def before(self, position: int | None) -> Damage | None:
        """Damage where something lies between the end of the record before and the next one's place, or the
        file's end. The stream stands afterwards where it stood.
        """
        stands = self._stream.tell()
        last, self._last = self._last, position
        end = 0 if last is None else self._end(last)
        if end is None:
            return None
        self._stream.seek(end)
        while position is None or end < position:
            size = _GAP_BYTES if position is None else min(_GAP_BYTES, position - end)
            piece = self._stream.read(size)
            if piece.strip():
                self._stream.seek(stands)
                return Damage("corrupt", end, f"what lies at byte {end} is no record, and was passed over")
            if not piece:
                break
            end += len(piece)
        self._stream.seek(stands)
        return None

    def _end(self, begin: int) -> int | None:
        """Where the record that begins there ends; None where its head doesn't say, which is reported of the
        record itself.
        """
        self._stream.seek(begin)
        head = self._stream.read(_GAP_BYTES)
        blank = _BLANK_LINE.search(head)
        declared = _DECLARED.search(head, 0, blank.end()) if blank else None
        return begin + blank.end() + int(declared[1]) if blank and declared else None


def _read(record: WarcRecord, offset: int, limits: Limits) -> Iterator[WarcBlock | Damage]:
    record_type = int(record.record_type)
    kind = _KINDS.get(record_type)
    headers: dict[str, str] = {}
    types = 0
    for name, value in record.headers.to_tuples():
        name = name.lower()
        types += name == "warc-type"
        headers.setdefault(name, value)
    if kind is None and record_type in _UNKNOWN:  # FastWARC misses `Warc-Type`, whose case is free
        named = headers.get("warc-type", "").strip().lower()
        kind = named if named in _KINDS.values() else None
    declared = headers.get("content-length", "").strip()
    if types == 0:
        yield Damage("corrupt", offset, f"record at byte {offset}: no WARC-Type")
    elif types > 1:
        yield Damage("corrupt", offset, f"the heads of {types} records run together at byte {offset}")
    if kind is None:
        if _LENGTH.fullmatch(declared) is None:
            yield _no_length(declared, offset)
        elif record.consume() < int(declared):
            yield Damage("truncated", offset, f"the file ends inside the record at byte {offset}")
        return
    if _LENGTH.fullmatch(declared) is None:
        damage = _no_length(declared, offset)
        yield WarcBlock(kind, headers, None, offset, ("malformed", damage.detail))
        yield damage
        return
    length = int(declared)
    try:
        if length > limits.max_record_bytes:
            block, got = None, min(record.consume(), length)
        else:
            block = record.reader.read(length)
            got = len(block)
    except (OSError, DamagedStreamError) as error:
        yield WarcBlock(kind, headers, None, offset, ("damaged", f"{error} inside the record"))
        raise
    if got < length:
        detail = f"{got} of {length} bytes are there"
        yield WarcBlock(kind, headers, None, offset, ("damaged", detail))
        yield Damage("truncated", offset, f"the record at byte {offset} is cut: {detail}")
    elif block is None:
        detail = f"record of {length} bytes, the limit is {limits.max_record_bytes}"
        yield WarcBlock(kind, headers, None, offset, ("too_large", detail))
    else:
        yield WarcBlock(kind, headers, block, offset)


def _no_length(declared: str, offset: int) -> Damage:
    said = f"Content-Length is {declared[:40]!r}" if declared else "no Content-Length"
    return Damage("corrupt", offset, f"record at byte {offset}: {said}")


def _has_bare_line_ends(head: bytes) -> bool:
    """Whether header lines end in LF alone, which FastWARC takes in its lenient mode only."""
    if head.startswith(MAGIC):
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, 64)
        except zlib.error:
            return False
    line, line_end, _ = head.partition(b"\n")
    return bool(line_end) and line.startswith(b"WARC/") and not line.endswith(b"\r")


def _begin_of_member(stream: BinaryIO, position: int, start: int) -> int:
    """Where the member of the last record begins. FastWARC's positions are those of members only where each
    member holds one record: elsewhere everything from `start` is inflated again.
    """
    stream.seek(position)
    return position if stream.read(len(MAGIC)) == MAGIC else start


def _cut_at_end(stream: BinaryIO, position: int) -> Iterator[Damage]:
    """Damage in the last members, of which the first begins at `position`."""
    damage = damage_after(stream, position)
    if damage is not None:
        yield Damage(damage.reason, position, str(damage))

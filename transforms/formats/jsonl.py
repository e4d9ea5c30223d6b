"""JSONL files (plain, gzip, zstandard) to documents and rejects, one a line."""

import json
from collections.abc import Iterator
from typing import BinaryIO, cast

import msgspec
from fastwarc.stream_io import ZstdReader

from schemas.document import Document
from schemas.reject import FILE, Reject
from transforms.formats.fields import Place, file_source
from transforms.formats.gzip_members import MAGIC, DamagedStreamError, inflate
from transforms.formats.limits import Limits
from transforms.formats.rows import row_outcome

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_CHUNK = 1 << 18


class Line(msgspec.Struct, frozen=True):
    """A line without its end; `content` is None where it is longer than the limit."""

    number: int
    content: bytes | None
    length: int
    ended: bool


def read_jsonl(stream: BinaryIO, path: str, limits: Limits) -> Iterator[Document | Reject]:
    """One document or reject for each line that is not blank; offsets are line numbers from 0.

    The compression is told by the first bytes, whatever the name says. Reasons: `malformed` (no JSON
    object), `too_large`, `damaged` (the line that a cut file ends in), `no_text`, `empty`,
    `too_short`; of a file `truncated`, `corrupt`.

    Raises:
        StorageError: the storage failed, not the content.
    """
    source = file_source(path)
    number = 0
    partial: Line | None = None
    damage: DamagedStreamError | None = None
    try:
        for line in split_lines(uncompressed(stream), limits.max_record_bytes):
            number = line.number
            if line.ended:
                yield from line_outcome(line, path, limits)
            else:
                partial = line
    except DamagedStreamError as error:
        damage = error
        # The line that was being read when the stream broke has been dropped by the generator.
        number += 1
    if partial is not None:
        for outcome in line_outcome(partial, path, limits):
            if isinstance(outcome, Reject) and outcome.reason == "malformed":
                damage = DamagedStreamError("truncated", f"line {number} has no end and is no JSON")
            yield outcome
    if damage is not None:
        yield Place(path, number, source).reject(
            damage.reason, f"{damage}, at or after line {number}", kind=FILE
        )


def uncompressed(stream: BinaryIO) -> Iterator[bytes]:
    """The content of a stream, inflated where its first bytes are those of gzip or zstandard.

    Raises:
        DamagedStreamError: the compressed stream is cut or corrupt, after what it held.
    """
    head = stream.read(len(ZSTD_MAGIC))
    joined = _Joined(head, stream)
    if head.startswith(MAGIC):
        yield from inflate(cast(BinaryIO, joined))
    elif head == ZSTD_MAGIC:
        reader = ZstdReader(cast(BinaryIO, joined))
        try:
            while piece := reader.read(_CHUNK):
                yield piece
        except OSError as error:
            reason = "truncated" if "incomplete" in str(error) else "corrupt"
            raise DamagedStreamError(reason, f"zstandard: {error}") from error
    else:
        while piece := joined.read(_CHUNK):
            yield piece


class _Joined:
    """Bytes read ahead and the stream they came from, as one stream again."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = head
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if self._head:
            head, self._head = self._head, b""
            return head
        return self._stream.read(size)

    def tell(self) -> int:
        return 0


def split_lines(pieces: Iterator[bytes], limit: int) -> Iterator[Line]:
    """Lines of at most `limit` bytes; of a longer one only the length is kept."""
    number = length = 0
    held: list[bytes] = []
    for piece in pieces:
        begin = 0
        while True:
            end = piece.find(b"\n", begin)
            part = piece[begin:] if end < 0 else piece[begin:end]
            length += len(part)
            if length <= limit:
                held.append(part)
            else:
                held.clear()
            if end < 0:
                break
            yield Line(number, b"".join(held) if length <= limit else None, length, ended=True)
            held.clear()
            number, length, begin = number + 1, 0, end + 1
    if length:
        yield Line(number, b"".join(held) if length <= limit else None, length, ended=False)


def line_outcome(line: Line, path: str, limits: Limits) -> Iterator[Document | Reject]:
    """One outcome, or none for a blank line."""
    place = Place(path, line.number, file_source(path))
    if line.content is None:
        yield place.reject(
            "too_large", f"line of {line.length} bytes, the limit is {limits.max_record_bytes}"
        )
        return
    content = line.content.removeprefix(b"\xef\xbb\xbf") if line.number == 0 else line.content
    if not content.strip():
        return
    try:
        row = _decode(content)
    except (ValueError, RecursionError) as error:
        yield place.reject("malformed", f"line {line.number}: {error}")
        return
    if isinstance(row, dict):
        yield row_outcome(row, path, line.number, limits)
    else:
        yield place.reject("malformed", f"line {line.number} is a JSON {type(row).__name__}, not an object")


def _decode(content: bytes) -> object:
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError:
        # msgspec refuses escaped lone surrogates, which real crawls have; the text is mended later.
        if b"\\ud" not in content.lower():
            raise
    return json.loads(content)

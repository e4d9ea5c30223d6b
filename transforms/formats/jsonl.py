"""JSONL files, compressed or not, to documents and rejects, one a line."""

import json
import re
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from schemas.document import Document
from schemas.reject import FILE, Reject
from transforms.formats.compression import unpacked
from transforms.formats.detect import BOM
from transforms.formats.fields import Place, file_source
from transforms.formats.gzip_members import DamagedStreamError
from transforms.formats.limits import Limits
from transforms.formats.rows import COLUMNS, Columns, row_outcome

_NOT_STRICT = re.compile(rb"\\ud|NaN|Infinity", re.IGNORECASE)


class Line(msgspec.Struct, frozen=True):
    """A line without its end; `content` is None where it is longer than the limit."""

    number: int
    content: bytes | None
    length: int
    ended: bool


def read_jsonl(
    stream: BinaryIO, path: str, limits: Limits, columns: Columns = COLUMNS
) -> Iterator[Document | Reject]:
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
        for line in split_lines(unpacked(stream), limits.max_record_bytes):
            number = line.number
            if line.ended:
                yield from line_outcome(line, path, limits, columns)
            else:
                partial = line
    except DamagedStreamError as error:
        damage = error
        # The line that was being read when the stream broke has been dropped by the generator.
        number += 1
    if partial is not None:
        for outcome in line_outcome(partial, path, limits, columns):
            if isinstance(outcome, Reject) and outcome.reason == "malformed":
                damage = DamagedStreamError("truncated", f"line {number} has no end and is no JSON")
            yield outcome
    if damage is not None:
        yield Place(path, number, source).reject(
            damage.reason, f"{damage}, at or after line {number}", kind=FILE
        )


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


def line_outcome(
    line: Line, path: str, limits: Limits, columns: Columns = COLUMNS
) -> Iterator[Document | Reject]:
    """One outcome, or none for a blank line."""
    place = Place(path, line.number, file_source(path))
    if line.content is None:
        yield place.reject(
            "too_large", f"line of {line.length} bytes, the limit is {limits.max_record_bytes}"
        )
        return
    content = line.content.removeprefix(BOM) if line.number == 0 else line.content
    if not content.strip():
        return
    try:
        row = _decode(content)
    except (ValueError, RecursionError) as error:
        yield place.reject("malformed", f"line {line.number}: {error}")
        return
    if isinstance(row, dict):
        yield row_outcome(row, path, line.number, limits, columns)
    else:
        yield place.reject("malformed", f"line {line.number} is a JSON {type(row).__name__}, not an object")


def _decode(content: bytes) -> object:
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError:
        # msgspec refuses escaped lone surrogates, which real crawls have (the text is mended later), and
        # NaN and Infinity, which Python writes.
        if _NOT_STRICT.search(content) is None:
            raise
    return json.loads(content)

"""JSONL files, compressed or not, to documents and rejects, one a line."""

import json
import re
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from wellspring.schemas.reject import FILE, Reject
from wellspring.transforms.formats.compression import unpacked
from wellspring.transforms.formats.detect import BOM
from wellspring.transforms.formats.fields import Place, file_source
from wellspring.transforms.formats.gzip_members import DamagedStreamError
from wellspring.transforms.formats.limits import Limits
from wellspring.transforms.formats.rows import COLUMNS, Columns, Read, row_outcome

_NOT_STRICT = re.compile(rb"\\ud|NaN|Infinity", re.IGNORECASE)


class Line(msgspec.Struct, frozen=True):
    """A line without its end; `content` is None where it is longer than the limit."""

    number: int
    content: bytes | None
    length: int
    ended: bool


def read_jsonl(stream: BinaryIO, path: str, limits: Limits, columns: Columns = COLUMNS) -> Iterator[Read]:
    """Each line that is not blank with its document or reject; offsets are line numbers from 0.

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
                yield from read_line(line, path, limits, columns)
            else:
                partial = line
    except DamagedStreamError as error:
        damage = error
        # The line that was being read when the stream broke has been dropped by the generator.
        number += 1
    if partial is not None:
        for row, outcome in read_line(partial, path, limits, columns):
            if isinstance(outcome, Reject) and outcome.reason == "malformed":
                damage = DamagedStreamError("truncated", f"line {number} has no end and is no JSON")
            yield row, outcome
    if damage is not None:
        place = Place(path, number, source)
        yield {}, place.reject(damage.reason, f"{damage}, at or after line {number}", kind=FILE)


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


def read_line(line: Line, path: str, limits: Limits, columns: Columns = COLUMNS) -> Iterator[Read]:
    """One outcome, or none for a blank line."""
    place = Place(path, line.number, file_source(path))
    if line.content is None:
        yield (
            {},
            place.reject("too_large", f"line of {line.length} bytes, the limit is {limits.max_record_bytes}"),
        )
        return
    content = line.content.removeprefix(BOM) if line.number == 0 else line.content
    if not content.strip():
        return
    try:
        row = decode_line(content, once=columns.once)
    except (ValueError, RecursionError) as error:
        yield {}, place.reject("malformed", f"line {line.number}: {error}")
        return
    if isinstance(row, dict):
        yield row, row_outcome(row, path, line.number, limits, columns)
    else:
        kind = type(row).__name__
        yield {}, place.reject("malformed", f"line {line.number} is a JSON {kind}, not an object")


def decode_line(content: bytes, *, once: bool = False) -> object:
    """The value of a line of JSON, with what Python and crawls write beyond the standard.

    Raises:
        ValueError, RecursionError: it is no JSON, or with `once` a key stands twice in an object.
    """
    if once:
        return json.loads(content, object_pairs_hook=_keys_once)
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError:
        # msgspec refuses escaped lone surrogates, which real crawls have (the text is mended later), and
        # NaN and Infinity, which Python writes.
        if _NOT_STRICT.search(content) is None:
            raise
    return json.loads(content)


def _keys_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    row = dict(pairs)
    if len(row) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} stands twice")
    return row

"""One's own files of texts, read once and in this process: what one job reads of a file, every job reads."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import TypeVar

import msgspec

from wellspring.schemas.document import Document
from wellspring.schemas.reject import FILE, Reject
from wellspring.transforms.formats.compression import unpacked
from wellspring.transforms.formats.detect import BOM, what_is_not_read
from wellspring.transforms.formats.gzip_members import DamagedStreamError
from wellspring.transforms.formats.jsonl import decode_line, split_lines
from wellspring.transforms.formats.limits import Limits
from wellspring.transforms.formats.read_file import read_rows
from wellspring.transforms.formats.rows import COLUMNS, Columns, Read
from wellspring.transforms.formats.source_stream import StorageError
from wellspring.transforms.storage.open_files import name_of, open_once
from wellspring.transforms.storage.public_path import public_path
from wellspring.transforms.storage.unreadable_file import unreadable_file

OWN_LIMITS = Limits(min_characters=1)
"""The shortest text is one: nobody asked for it to be sorted out."""
_ENDINGS = re.compile(r"(\.(jsonl?|ndjson|parquet|gz|zst|bz2|xz|lzma|lz4))+$", re.IGNORECASE)
_MAX_LINE_BYTES = 64 << 20

T = TypeVar("T")


def read_own_rows(
    paths: Iterable[str], columns: Columns = COLUMNS, limits: Limits = OWN_LIMITS
) -> Iterator[Read]:
    """The rows of files of any format with their documents and rejects; `-` is standard input.

    A file that can't be read is one reject.

    Raises:
        OSError: a file can't be read, but may be when it is tried again.
    """
    for path in paths:
        try:
            with open_once(path) as stream:
                yield from read_rows(stream, name_of(path), limits, columns)
        except (OSError, StorageError) as error:
            yield {}, unreadable_file(name_of(path), error)


def read_own_texts(
    paths: Iterable[str], columns: Columns = COLUMNS, limits: Limits = OWN_LIMITS
) -> Iterator[Document | Reject]:
    """The same without the rows."""
    for _, outcome in read_own_rows(paths, columns, limits):
        yield outcome


def place_of(outcome: Document | Reject) -> str:
    """Where a record stands, as people count: `texts.jsonl, line 3`."""
    if isinstance(outcome, Reject) and outcome.kind == FILE:
        return outcome.file_path
    return f"{outcome.file_path}, line {(outcome.offset or 0) + 1}"


def refusal(reject: Reject) -> str:
    """A reject in words, for a job that takes no file with one."""
    detail = reject.detail.removeprefix(f"line {reject.offset}: ")  # which counts from 0
    return f"{place_of(reject)}: {reject.reason}: {detail}"


def read_json_lines(path: str, kind: type[T]) -> Iterator[tuple[int, T]]:
    """The lines of a file that one of our jobs wrote, as objects of a type, each with its number from 1.

    Blank lines, the compression, line ends and a byte order mark don't matter.

    Raises:
        OSError: it can't be opened or read. ValueError: it isn't of that form; names file and line.
    """
    name = public_path(name_of(path))
    number = 0
    try:
        with open_once(path) as stream:
            for line in split_lines(unpacked(stream), _MAX_LINE_BYTES):
                number = line.number + 1
                content = line.content or b""
                if line.number == 0:
                    content = content.removeprefix(BOM)
                    if what := what_is_not_read(line.content or b"", name):
                        raise ValueError(f"{name}: {what}")
                if line.content is None:
                    raise ValueError(f"{name}, line {number}: {line.length} bytes long")
                if content.strip():
                    yield number, _decoded(content, kind)
    except DamagedStreamError as error:
        raise ValueError(f"{name}: {error}") from error
    except StorageError as error:
        raise OSError(f"{name}: {error}") from error
    except (msgspec.MsgspecError, json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{name}, line {number}: {error}") from error


def _decoded(content: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # NaN is null, as everywhere: encoding what Python reads makes it that.
        return msgspec.json.decode(msgspec.json.encode(decode_line(content)), type=kind)


def stem(path: str) -> str:
    """A file's name without folder, format and compression: `news` of `a/news.jsonl.gz`."""
    return _ENDINGS.sub("", PurePosixPath(public_path(path)).name)

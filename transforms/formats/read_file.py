"""Any file to documents and rejects: its format found, its storage's failures sorted."""

import io
from collections.abc import Iterator
from typing import BinaryIO, cast

from wellspring.schemas.document import Document
from wellspring.schemas.reject import FILE, Reject
from wellspring.transforms.formats.arc import read_arc
from wellspring.transforms.formats.compression import GZIP, Unpacked, compression_of
from wellspring.transforms.formats.detect import (
    ARC,
    HEAD_BYTES,
    JSONL,
    WARC,
    format_by_content,
    format_by_name,
    what_is_not_read,
)
from wellspring.transforms.formats.fields import Place, archive_source, dump_named_in, file_source
from wellspring.transforms.formats.jsonl import read_jsonl
from wellspring.transforms.formats.limits import DEFAULT_LIMITS, Limits
from wellspring.transforms.formats.parquet import read_parquet
from wellspring.transforms.formats.rows import COLUMNS, Columns, Read
from wellspring.transforms.formats.source_stream import source_stream
from wellspring.transforms.formats.warc import read_warc
from wellspring.transforms.storage.public_path import public_path


def default_source(path: str) -> str:
    """The source that a file's records have unless they say otherwise themselves."""
    if format_by_name(path) in (WARC, ARC):
        return archive_source(dump_named_in(path))
    return file_source(path)


def read_file(
    stream: BinaryIO, path: str, limits: Limits = DEFAULT_LIMITS, columns: Columns = COLUMNS
) -> Iterator[Document | Reject]:
    """The outcomes of `read_rows`."""
    for _, outcome in read_rows(stream, path, limits, columns):
        yield outcome


def read_rows(
    stream: BinaryIO, path: str, limits: Limits = DEFAULT_LIMITS, columns: Columns = COLUMNS
) -> Iterator[Read]:
    """Documents and rejects of one file, streamed, each with its row where the file has rows.

    The first bytes give compression and format, `path` where they don't; it is recorded without the
    passwords that a URL may have in it.

    A file that no reader takes is one file reject: `unsupported_format` where it is known what it is,
    `unknown_format` where nothing tells.

    Raises:
        StorageError: the storage failed, not the content.
    """
    path = public_path(path)
    source = source_stream(stream)
    content = cast(BinaryIO, source)
    head = source.peek(HEAD_BYTES)
    packed = compression_of(head)
    if packed == GZIP:
        # The archives' readers undo it themselves: they go on behind a damaged member.
        head = Unpacked(io.BytesIO(head), GZIP).peek(HEAD_BYTES)
    elif packed is not None:
        unpacked = Unpacked(content, packed)
        content, head = cast(BinaryIO, unpacked), unpacked.peek(HEAD_BYTES)
    refused = (
        f"it is {again} within {packed}: unpack it once"
        if packed and (again := compression_of(head))
        else None
    )
    name = format_by_content(head)
    if name is None and refused is None:
        refused = what_is_not_read(head, path)
        name = format_by_name(path)
    if name is None or refused is not None:
        reason = "unknown_format" if refused is None else "unsupported_format"
        detail = refused or "neither the name nor the first bytes say WARC, ARC, JSONL or Parquet"
        yield {}, Place(path, 0, default_source(path)).reject(reason, detail, kind=FILE)
    elif name == WARC:
        yield from (({}, outcome) for outcome in read_warc(content, path, limits))
    elif name == ARC:
        yield from (({}, outcome) for outcome in read_arc(content, path, limits))
    elif name == JSONL:
        yield from read_jsonl(content, path, limits, columns)
    else:
        if packed == GZIP:
            content = cast(BinaryIO, Unpacked(content, GZIP))
        yield from read_parquet(content, path, limits, columns)

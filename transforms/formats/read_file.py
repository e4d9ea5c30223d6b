"""Any file to documents and rejects: its format found, its storage's failures sorted."""

from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

from schemas.document import Document
from schemas.reject import FILE, Reject
from transforms.formats.arc import read_arc
from transforms.formats.detect import ARC, JSONL, PARQUET, WARC, format_by_content, format_by_name
from transforms.formats.fields import Place, archive_source, dump_named_in, file_source
from transforms.formats.jsonl import read_jsonl
from transforms.formats.limits import DEFAULT_LIMITS, Limits
from transforms.formats.parquet import read_parquet
from transforms.formats.source_stream import SourceStream
from transforms.formats.warc import read_warc
from transforms.public_path import public_path

Reader = Callable[[BinaryIO, str, Limits], Iterator[Document | Reject]]

READERS: dict[str, Reader] = {WARC: read_warc, ARC: read_arc, JSONL: read_jsonl, PARQUET: read_parquet}
_HEAD_BYTES = 1024


def default_source(path: str) -> str:
    """The source that a file's records have unless they say otherwise themselves."""
    if format_by_name(path) in (WARC, ARC):
        return archive_source(dump_named_in(path))
    return file_source(path)


def read_file(stream: BinaryIO, path: str, limits: Limits = DEFAULT_LIMITS) -> Iterator[Document | Reject]:
    """Documents and rejects of one file, streamed. `path` gives the format, and is recorded without the
    passwords that a URL may have in it.

    A file whose format neither its name nor its first bytes tell is one file reject `unknown_format`.

    Raises:
        StorageError: the storage failed, not the content.
    """
    path = public_path(path)
    source = stream if isinstance(stream, SourceStream) else cast(BinaryIO, SourceStream(stream))
    name = format_by_name(path)
    if name is None and source.seekable():
        name = format_by_content(source.read(_HEAD_BYTES))
        source.seek(0)
    if name is None:
        detail = "neither the name nor the first bytes say WARC, ARC, JSONL or Parquet"
        yield Place(path, 0, default_source(path)).reject("unknown_format", detail, kind=FILE)
        return
    yield from READERS[name](source, path, limits)

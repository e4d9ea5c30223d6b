"""Legacy ARC files to documents and rejects, through warcio (FastWARC has no ARC)."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from warcio.archiveiterator import ArchiveIterator
from warcio.recordloader import ArcWarcRecord

from wellspring.schemas.document import Document
from wellspring.schemas.reject import FILE, Reject
from wellspring.transforms.formats.fields import Place, archive_source, dump_named_in
from wellspring.transforms.formats.gzip_members import MAGIC, DamagedStreamError, damage_after
from wellspring.transforms.formats.http import HttpResponse
from wellspring.transforms.formats.limits import Limits
from wellspring.transforms.formats.pages import Capture, body_outcome, response_outcome
from wellspring.transforms.formats.source_stream import StorageError

_RECORD_LINE = re.compile(rb"^[a-z][a-z0-9+.-]*:\S* [0-9a-fA-F.:]+ \d{14} \S+ \d+\r?$", re.MULTILINE)


class _Archive(ArchiveIterator):  # type: ignore[misc]  # warcio has no types
    """Counts (`err_count`) the records that something follows which is no record, and is passed over."""

    INC_RECORD = ""
    """What warcio writes to the error output about each, the whole line in it."""


def read_arc(stream: BinaryIO, path: str, limits: Limits) -> Iterator[Document | Reject]:
    """One document or reject for each archived resource; `filedesc://` is not a record.

    At the end one reject of kind `file` where the file is damaged (`truncated`, `corrupt`): what
    follows the damage is not read, but where a length is wrong, which may have hidden a record or a part
    of one. Reasons of records are those of `read_warc`.

    Raises:
        StorageError: the storage failed, not the content.
    """
    dump = dump_named_in(path)
    source = archive_source(dump)
    offset = 0
    damage: tuple[str, str] | None = None
    wrong_length: str | None = None
    try:
        # no_record_parse leaves HTTP to `parse_response`, which bounds what it reads.
        archive = _Archive(stream, no_record_parse=True)
        for record in archive:
            if archive.err_count and wrong_length is None:
                wrong_length = f"the record at byte {offset} is longer than it says"
            offset = archive.offset  # get_record_offset() would read the record away
            if record.rec_type == "arc_header":
                if wrong_length is None:
                    wrong_length = _wrong_length_of_head(record, offset, limits)
                continue
            headers = record.rec_headers
            url = headers.get_header("uri") or None
            place = Place(path, offset, source, None, url)
            length = int(headers.get_header("length") or 0)
            if length > limits.max_record_bytes:
                detail = f"record of {length} bytes, the limit is {limits.max_record_bytes}"
                yield place.reject("too_large", detail)
                continue
            block = record.raw_stream.read(length) if length > 0 else b""
            if len(block) < length:
                detail = f"{len(block)} of {length} bytes are there"
                yield place.reject("damaged", detail)
                damage = ("truncated", f"the record at byte {offset} is cut: {detail}")
                break
            metadata: dict[str, object] = {"warc_type": "arc"}
            capture = Capture(place, headers.get_header("archive-date"), dump, metadata)
            if (url or "").lower().startswith(("http:", "https:")):
                yield response_outcome(block, capture, limits)
            else:
                typed = {"content-type": headers.get_header("content-type") or ""}
                yield body_outcome(HttpResponse(0, typed, block), capture, limits)
    except StorageError:
        raise
    except DamagedStreamError as error:
        damage = (error.reason, f"{error}, at or after byte {offset}")
    except Exception as error:  # noqa: BLE001  warcio lets AttributeError, zlib.error, ... out of damaged files
        message = " ".join(str(error).split())
        damage = ("corrupt", f"{type(error).__name__}: {message}, at or after byte {offset}")
    if damage is None and (wrong_length or archive.err_count):
        damage = ("corrupt", wrong_length or f"the record at byte {offset} is longer than it says")
    if damage is None and stream.seekable():
        stream.seek(offset)
        if stream.read(len(MAGIC)) == MAGIC and (cut := damage_after(stream, offset)) is not None:
            damage = (cut.reason, str(cut))
    if damage is not None:
        yield Place(path, offset, source).reject(*damage, kind=FILE)


def _wrong_length_of_head(record: ArcWarcRecord, offset: int, limits: Limits) -> str | None:
    """What is wrong with the length of a `filedesc://`: it should end where the first record begins."""
    declared = record.length or 0
    block = record.raw_stream.read(min(declared, limits.max_record_bytes))
    if _RECORD_LINE.search(block):
        return f"the file's head at byte {offset} has a wrong length: a record begins within it"
    if len(block) < min(declared, limits.max_record_bytes):
        return f"the file's head at byte {offset} has a wrong length: it goes beyond the file's end"
    return None

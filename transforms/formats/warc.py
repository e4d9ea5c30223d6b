"""WARC and WET files to documents and rejects, one a record."""

from collections.abc import Iterator
from typing import BinaryIO

from wellspring.schemas.document import Document
from wellspring.schemas.reject import FILE, Reject
from wellspring.transforms.formats.fields import Place, archive_source, bare_record_id, bounded, dump_named_in
from wellspring.transforms.formats.http import HttpResponse
from wellspring.transforms.formats.limits import Limits
from wellspring.transforms.formats.pages import Capture, body_outcome, response_outcome
from wellspring.transforms.formats.warc_records import Damage, WarcBlock, iterate_records

_MAX_VALUE_CHARACTERS = 200


def read_warc(stream: BinaryIO, path: str, limits: Limits) -> Iterator[Document | Reject]:
    """One document or reject for each conversion, response and resource; at the end one reject of
    kind `file` where the file is damaged, naming the first damage and how many more there are.

    warcinfo, request, metadata, revisit and continuation records are not records here: a revisit
    repeats a page that is archived elsewhere, a continuation is part of one whose first segment is
    rejected as `segmented`.

    Reasons: `too_large`, `malformed`, `damaged`, `segmented`, `http_status`, `not_html`,
    `undecodable`, `empty`, `too_short`; of a file `truncated`, `corrupt`.

    Raises:
        StorageError: the storage failed, not the content.
    """
    dump = dump_named_in(path)
    damages: list[Damage] = []
    for item in iterate_records(stream, limits):
        if isinstance(item, Damage):
            damages.append(item)
        elif item.kind == "warcinfo":
            dump = _dump_of(item) or dump
        else:
            yield _outcome(item, path, dump, limits)
    if damages:
        first, more = damages[0], len(damages) - 1
        detail = f"{first.detail}; and {more} more" if more else first.detail
        place = Place(path, first.offset, archive_source(dump))
        yield place.reject(first.reason, detail, kind=FILE)


def _dump_of(warcinfo: WarcBlock) -> str | None:
    for line in (warcinfo.block or b"")[:65536].decode("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() == "ispartof":
            return dump_named_in(value)
    return None


def _outcome(record: WarcBlock, path: str, dump: str | None, limits: Limits) -> Document | Reject:
    headers = record.headers
    identity = bare_record_id(headers.get("warc-record-id"))
    url = headers.get("warc-target-uri", "").strip().strip("<>") or None
    place = Place(path, record.offset, archive_source(dump), identity, url)
    if record.problem is not None or record.block is None:
        return place.reject(*(record.problem or ("malformed", "no block")))
    if "warc-segment-number" in headers:
        return place.reject("segmented", f"segment {headers['warc-segment-number'][:20]} of a longer record")
    metadata: dict[str, object] = {"warc_type": record.kind}
    for name, key in (
        ("warc-identified-content-language", "identified_languages"),
        ("warc-identified-payload-type", "identified_type"),
        ("warc-truncated", "warc_truncated"),
    ):
        if value := headers.get(name):
            metadata[key] = bounded(value, _MAX_VALUE_CHARACTERS)
    capture = Capture(place, headers.get("warc-date"), dump, metadata)
    content_type = headers.get("content-type", "")
    if record.kind == "conversion":
        return _conversion_outcome(record.block, content_type, capture, limits)
    if record.kind == "response" and not content_type.lower().startswith("text/dns"):
        return response_outcome(record.block, capture, limits)
    # A resource holds the thing itself, its type is the record's own.
    return body_outcome(HttpResponse(0, {"content-type": content_type}, record.block), capture, limits)


def _conversion_outcome(
    block: bytes, content_type: str, capture: Capture, limits: Limits
) -> Document | Reject:
    """WET text as it is. Bytes that are no UTF-8 become U+FFFD, and the metadata say so."""
    extra: dict[str, object] = {"content_type": bounded(content_type, _MAX_VALUE_CHARACTERS)}
    try:
        text = block.decode()
    except UnicodeDecodeError:
        text = block.decode(errors="replace")
        extra["invalid_utf8"] = True
    return capture.document(text, limits, extra)

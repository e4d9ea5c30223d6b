"""A page of a web archive, HTML or plain text, to a document or a reject: WARC and ARC alike."""

import msgspec

from wellspring.schemas.document import Document
from wellspring.schemas.reject import Reject
from wellspring.transforms.formats.fields import Place, bounded, iso_date
from wellspring.transforms.formats.html import decode_page, html_to_text
from wellspring.transforms.formats.http import (
    HttpResponse,
    TooLargeError,
    UndecodableError,
    charset,
    decoded_body,
    media_type,
    parse_response,
)
from wellspring.transforms.formats.limits import Limits

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_UNDECLARED = frozenset({"", "application/octet-stream", "unk", "unknown/unknown", "no-type"})
_MAX_VALUE_CHARACTERS = 200


class Capture(msgspec.Struct, frozen=True):
    """What an archive says of a page: its date as written, its dump, further metadata."""

    place: Place
    date: str | None
    dump: str | None
    metadata: dict[str, object]

    def document(self, text: str, limits: Limits, extra: dict[str, object]) -> Document | Reject:
        date = iso_date(self.date)
        metadata = {**self.metadata, **extra}
        if date is None and self.date:
            metadata["date_raw"] = bounded(self.date, _MAX_VALUE_CHARACTERS)
        return self.place.document(text, limits, date=date, dump=self.dump, metadata=metadata)


def response_outcome(block: bytes, capture: Capture, limits: Limits) -> Document | Reject:
    """The outcome of an HTTP response with its headers: status 200 and HTML or plain text pass."""
    response = parse_response(block)
    if response is None:
        return capture.place.reject("malformed", f"no HTTP status line: {block[:60]!r}")
    if response.status != 200:
        return capture.place.reject("http_status", str(response.status))
    return body_outcome(response, capture, limits)


def body_outcome(response: HttpResponse, capture: Capture, limits: Limits) -> Document | Reject:
    """The outcome of a body with a declared content type."""
    place = capture.place
    content_type = response.headers.get("content-type")
    kind = media_type(content_type)
    if kind not in _HTML and kind != "text/plain" and kind not in _UNDECLARED:
        return place.reject("not_html", kind)
    try:
        body = decoded_body(response, limits.max_record_bytes)
        is_html = kind in _HTML or (kind in _UNDECLARED and _looks_like_html(body))
        if not is_html and kind != "text/plain":
            return place.reject("not_html", kind or "no content type, and the bytes are not HTML")
        page = decode_page(body, charset(content_type), is_html=is_html)
        declared: dict[str, str] = {}
        if is_html:
            page, declared = html_to_text(page, limits)
    except TooLargeError as error:
        return place.reject("too_large", str(error))
    except UndecodableError as error:
        return place.reject("undecodable", str(error))
    extra: dict[str, object] = {"content_type": bounded(content_type or "", _MAX_VALUE_CHARACTERS)}
    if response.status:
        extra["http_status"] = response.status
    return capture.document(page, limits, {**extra, **declared})


def _looks_like_html(body: bytes) -> bool:
    head = body[:1024].lower()
    return b"<html" in head or b"<!doctype html" in head

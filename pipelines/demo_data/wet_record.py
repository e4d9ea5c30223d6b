"""WET records in the header form of Common Crawl, each a gzip member of its own.

The form: https://commoncrawl.org/blog/web-archiving-file-formats-explained and ISO 28500 (WARC).
Nothing depends on the clock: the same record gives the same bytes on one Python installation.
"""

import base64
import gzip
import hashlib
import uuid
from datetime import datetime


def conversion_member(*, record_id: uuid.UUID, url: str, fetched: datetime, text: str) -> bytes:
    """The record of one page's text. `fetched` is UTC without a zone; parts of a second are dropped."""
    body = text.encode()
    headers = {
        "WARC-Type": "conversion",
        "WARC-Target-URI": url,
        "WARC-Date": _utc(fetched),
        "WARC-Record-ID": f"<urn:uuid:{record_id}>",
        "WARC-Refers-To": f"<urn:uuid:{uuid.uuid5(record_id, 'response')}>",
        "WARC-Block-Digest": f"sha1:{_sha1(body)}",
        "WARC-Identified-Content-Language": "eng",
        "Content-Type": "text/plain",
    }
    return _member(headers, body)


def warcinfo_member(
    *, record_id: uuid.UUID, filename: str, written: datetime, fields: dict[str, str]
) -> bytes:
    """The record that opens a file: `fields` (isPartOf, description, ...) say what the file is."""
    headers = {
        "WARC-Type": "warcinfo",
        "WARC-Date": _utc(written),
        "WARC-Filename": filename,
        "WARC-Record-ID": f"<urn:uuid:{record_id}>",
        "Content-Type": "application/warc-fields",
    }
    return _member(headers, "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode())


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _sha1(body: bytes) -> str:
    # SHA-1 is what the format prescribes; nothing here relies on its strength.
    return base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()


def _member(headers: dict[str, str], body: bytes) -> bytes:
    lines = [
        "WARC/1.0",
        *(f"{name}: {value}" for name, value in headers.items()),
        f"Content-Length: {len(body)}",
    ]
    return gzip.compress("\r\n".join([*lines, "", ""]).encode() + body + b"\r\n\r\n", mtime=0)

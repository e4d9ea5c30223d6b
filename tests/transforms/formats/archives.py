"""WARC and WET files made by hand, byte by byte, without the libraries under test."""

import gzip
import io

from wellspring.schemas.document import Document
from wellspring.schemas.reject import FILE, RECORD, Reject
from wellspring.transforms.formats.limits import DEFAULT_LIMITS, Limits
from wellspring.transforms.formats.read_file import read_file

TEXT = "A sentence that is long enough to be kept as the text of a document, number {}."


def record(kind: str, block: bytes, number: int = 0, *, length: int | None = None, **headers: str) -> bytes:
    fields = {
        "WARC-Type": kind,
        "WARC-Date": "2024-03-01T12:00:00Z",
        "WARC-Record-ID": f"<urn:uuid:00000000-0000-0000-0000-{number:012}>",
        "WARC-Target-URI": f"http://example.org/{number}",
        "Content-Type": "text/plain",
        "Content-Length": str(len(block) if length is None else length),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = ["WARC/1.0", *(f"{name}: {value}" for name, value in fields.items() if value)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def conversion(number: int, text: str | None = None) -> bytes:
    return record("conversion", (text or TEXT.format(number)).encode(), number)


def response(body: bytes, *http_headers: str, status: str = "200 OK", number: int = 0) -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", *http_headers]).encode()
    return record(
        "response", head + b"\r\n\r\n" + body, number, Content_Type="application/http; msgtype=response"
    )


def members(*records: bytes) -> bytes:
    return b"".join(gzip.compress(r, mtime=0) for r in records)


def outcomes(data: bytes, path: str, limits: Limits = DEFAULT_LIMITS) -> list[Document | Reject]:
    return list(read_file(io.BytesIO(data), path, limits))


def documents(found: list[Document | Reject]) -> list[Document]:
    return [o for o in found if isinstance(o, Document)]


def record_rejects(found: list[Document | Reject]) -> list[Reject]:
    return [o for o in found if isinstance(o, Reject) and o.kind == RECORD]


def file_rejects(found: list[Document | Reject]) -> list[Reject]:
    return [o for o in found if isinstance(o, Reject) and o.kind == FILE]

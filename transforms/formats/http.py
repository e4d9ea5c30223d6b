"""An HTTP response as it lies in a web archive, undone within bounds."""

import io
import zlib
from typing import Any

import msgspec
import zstandard
from fastwarc.stream_io import BrotliReader

_MAX_HEADER_BYTES = 64 << 10
_MAX_CHUNK_LINE = 1024


class HttpResponse(msgspec.Struct, frozen=True):
    """Status, headers (names in lower case, the first of each), and the body still encoded."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """`text/html`, in lower case and without parameters; empty when not declared."""
        return media_type(self.headers.get("content-type"))


class TooLargeError(Exception):
    """More bytes, or more work, than a record may ask for."""


class UndecodableError(Exception):
    """A content-encoding that is unknown, or a body that does not hold what it declares."""


def media_type(content_type: str | None) -> str:
    return (content_type or "").split(";")[0].strip().lower()


def charset(content_type: str | None) -> str | None:
    """The charset parameter of a content type, in lower case."""
    for parameter in (content_type or "").split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'").lower() or None
    return None


def parse_response(block: bytes) -> HttpResponse | None:
    """The response that a record's block holds, None when it doesn't begin with a status line."""
    if block[:5].upper() != b"HTTP/":
        return None
    ends = [(found + len(mark), found) for mark in (b"\r\n\r\n", b"\n\n")
            if (found := block.find(mark, 0, _MAX_HEADER_BYTES)) >= 0]  # fmt: skip
    body_start, head_end = min(ends, default=(len(block), min(len(block), _MAX_HEADER_BYTES)))
    first, *lines = block[:head_end].decode("latin-1").splitlines()
    words = first.split(None, 2)
    if len(words) < 2 or not (words[1].isascii() and words[1].isdecimal()) or len(words[1]) > 4:
        return None
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    return HttpResponse(int(words[1]), headers, block[body_start:])


def decoded_body(response: HttpResponse, limit: int) -> bytes:
    """The body without chunking and content-encoding, at most `limit` bytes.

    Archives often keep the header of an encoding that the crawler has undone already: a body that
    doesn't begin as it should is taken as it is, for brotli (no magic) when it fails to decode.

    Raises:
        TooLargeError: the body grows past the limit; it is not inflated further.
        UndecodableError: an encoding that nobody declares for text, or one cut in the middle.
    """
    body = response.body
    if "chunked" in response.headers.get("transfer-encoding", "").lower():
        body = _without_chunks(body)
    encodings = [e.strip().lower() for e in response.headers.get("content-encoding", "").split(",")]
    if len(encodings) > 4:
        raise UndecodableError(f"{len(encodings)} content-encodings")
    for encoding in reversed(encodings):
        if encoding in ("gzip", "x-gzip"):
            body = _inflated(body, limit, 31) if body[:2] == b"\x1f\x8b" else body
        elif encoding == "deflate":
            body = _deflated(body, limit)
        elif encoding == "br":
            body = _read_bounded(BrotliReader, body, limit)
        elif encoding == "zstd":
            body = _read_bounded(_zstd_reader, body, limit) if body[:4] == b"\x28\xb5\x2f\xfd" else body
        elif encoding not in ("", "identity", "none", "utf-8"):
            raise UndecodableError(f"content-encoding {encoding[:40]!r}")
    return body


def _without_chunks(body: bytes) -> bytes:
    """The chunks joined; a body that isn't chunked from its first line on is returned as it is."""
    pieces: list[bytes] = []
    position = 0
    while position < len(body):
        line_end = body.find(b"\n", position, position + _MAX_CHUNK_LINE)
        size_field = body[position:line_end].split(b";")[0].strip() if line_end >= 0 else b""
        try:
            size = int(size_field, 16) if size_field.isalnum() else -1
        except ValueError:
            size = -1
        if size < 0:
            return b"".join(pieces) + body[position:] if pieces else body
        if size == 0:
            break
        pieces.append(body[line_end + 1 : line_end + 1 + size])
        position = line_end + 1 + size
        if body[position : position + 2] == b"\r\n":
            position += 2
        elif body[position : position + 1] == b"\n":
            position += 1
    return b"".join(pieces)


def _inflated(body: bytes, limit: int, wbits: int) -> bytes:
    """All zlib members of a body. A cut one gives what it holds, as browsers do."""
    pieces: list[bytes] = []
    room = limit
    while body:
        member = zlib.decompressobj(wbits=wbits)
        try:
            piece = member.decompress(body, room + 1)
        except zlib.error as error:
            if pieces:
                break  # bytes after the last member
            raise UndecodableError(f"content-encoding: {error}") from error
        if len(piece) > room:
            raise TooLargeError(f"the body inflates past {limit} bytes")
        pieces.append(piece)
        room -= len(piece)
        body = member.unused_data
        if wbits < 0 or body[:2] != b"\x1f\x8b":
            break
    return b"".join(pieces)


def _deflated(body: bytes, limit: int) -> bytes:
    """`deflate` means zlib by the standard and raw deflate by some servers; or it is undone already."""
    for wbits in (15, -15):
        try:
            return _inflated(body, limit, wbits)
        except UndecodableError:
            continue
    return body


def _zstd_reader(raw: io.BytesIO) -> Any:
    return zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(raw)


def _read_bounded(reader: Any, body: bytes, limit: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    try:
        stream = reader(io.BytesIO(body))
        while piece := stream.read(1 << 16):
            size += len(piece)
            if size > limit:
                raise TooLargeError(f"the body inflates past {limit} bytes")
            pieces.append(piece)
    except (OSError, zstandard.ZstdError):
        # Cut in the middle: what was decoded is kept. Not encoded at all: the body as it is.
        return b"".join(pieces) or body
    return b"".join(pieces)

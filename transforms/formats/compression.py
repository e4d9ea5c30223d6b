"""Compressed streams to what they hold, in pieces: told by their first bytes, not by their names."""

import bz2
import io
import lzma
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Protocol, cast

from wellspring.transforms.formats import gzip_members
from wellspring.transforms.formats.framed_blocks import (
    LZ4_MAGIC,
    ZSTD_MAGIC,
    is_skippable,
    lz4_pieces,
    zstd_pieces,
)
from wellspring.transforms.formats.gzip_members import DamagedStreamError
from wellspring.transforms.formats.source_stream import SourceStream, source_stream

GZIP, ZSTD, LZ4, BZIP2, XZ, LZMA = "gzip", "zstandard", "lz4", "bzip2", "xz", "lzma"

_CHUNK = 1 << 18
_PIECE = 1 << 15
"""What is unpacked at once: of a corrupt stream no more than this is lost before the damage."""
_LZMA_MEMORY = 2 << 30
_MAGICS = (
    (gzip_members.MAGIC, GZIP),
    (ZSTD_MAGIC, ZSTD),
    (LZ4_MAGIC, LZ4),
    (b"\xfd7zXZ\x00", XZ),
    (b"\x5d\x00\x00", LZMA),  # "alone": no magic, but the properties that every tool writes
)
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90")
_LONGEST_MAGIC = 16


def compression_of(head: bytes) -> str | None:
    """The compression of a stream with these first bytes, None where they are none of a kind that is read.

    Frames that are to be skipped may come first; zstandard and lz4 have the same, and zstandard is meant
    where what follows them lies beyond `head`.
    """
    if is_skippable(head):
        while is_skippable(head):
            head = head[8 + int.from_bytes(head[4:8], "little") :]
        return LZ4 if head.startswith(LZ4_MAGIC) else ZSTD
    if head.startswith(b"BZh") and head[4:10] in _BZIP2_BLOCKS:
        return BZIP2
    return next((name for magic, name in _MAGICS if head.startswith(magic)), None)


def unpacked(stream: BinaryIO) -> Iterator[bytes]:
    """The content of a stream in pieces, unpacked where its first bytes are those of a compression.

    All frames, members and streams that a file has one after the other; memory doesn't grow with it.

    Raises:
        DamagedStreamError: the compressed stream is cut or corrupt, after what it held.
    """
    if isinstance(stream, Unpacked):
        return iter(lambda: stream.read(_CHUNK), b"")
    source = source_stream(stream)
    kind = compression_of(source.peek(_LONGEST_MAGIC))
    return _pieces(source, kind) if kind else iter(lambda: source.read(_CHUNK), b"")


def _pieces(source: SourceStream, kind: str) -> Iterator[bytes]:
    stream = cast(BinaryIO, source)
    if kind == GZIP:
        return gzip_members.inflate(stream)
    if kind == ZSTD:
        return zstd_pieces(stream)
    if kind == LZ4:
        return lz4_pieces(stream)
    return _streams(stream, kind, _DECODERS[kind])


class _Decoder(Protocol):
    """What `bz2` and `lzma` have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


_DECODERS: dict[str, Callable[[], _Decoder]] = {
    BZIP2: bz2.BZ2Decompressor,
    XZ: lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _LZMA_MEMORY),
    LZMA: lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, _LZMA_MEMORY),
}


def _streams(stream: BinaryIO, kind: str, make: Callable[[], _Decoder]) -> Iterator[bytes]:
    """Streams one after the other; zero bytes between and after them, which xz and tapes pad with, don't
    matter.
    """
    begin, chunk = _past_zeros(stream, 0, b"")
    while chunk:
        offset, decoder = begin, make()
        while not decoder.eof:
            given = b""
            if decoder.needs_input:
                given, chunk = chunk or stream.read(_CHUNK), b""
                if not given:
                    detail = f"the file ends inside the {kind} stream at byte {begin}"
                    raise DamagedStreamError("truncated", detail)
            try:
                piece = decoder.decompress(given, _PIECE)
            except (OSError, EOFError, ValueError, lzma.LZMAError) as error:
                raise DamagedStreamError("corrupt", f"{kind} stream at byte {begin}: {error}") from error
            offset += len(given)
            if piece:
                yield piece
        rest = decoder.unused_data
        begin, chunk = _past_zeros(stream, offset - len(rest), rest)


def _past_zeros(stream: BinaryIO, offset: int, chunk: bytes) -> tuple[int, bytes]:
    """(offset, what was read there) behind zero bytes; nothing is read where the file ends before."""
    while chunk := chunk or stream.read(_CHUNK):
        rest = chunk.lstrip(b"\0")
        offset += len(chunk) - len(rest)
        chunk = rest
        if chunk:
            break
    return offset, chunk


class Unpacked(io.RawIOBase):
    """The content of a compressed stream as a stream of its own, which can't go back.

    Where the compressed stream is damaged `DamagedStreamError` is raised after all that it held.
    """

    def __init__(self, stream: BinaryIO, kind: str) -> None:
        super().__init__()
        self._pieces = _pieces(source_stream(stream), kind)
        self._ahead = b""
        self._position = 0
        self._damage: DamagedStreamError | None = None

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, fewer where it ends or is damaged before; they are read again."""
        held = [self._ahead]
        missing = size - len(self._ahead)
        while missing > 0 and (piece := self._next()):
            held.append(piece)
            missing -= len(piece)
        self._ahead = b"".join(held)
        return self._ahead[:size]

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            return self.readall()
        if not self._ahead:
            self._ahead = self._next()
        if not self._ahead and self._damage is not None:
            raise self._damage
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        self._position += len(data)
        return data

    def readinto(self, buffer: Any, /) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _next(self) -> bytes:
        if self._damage is None:
            try:
                return next(self._pieces, b"")
            except DamagedStreamError as error:
                self._damage = error
        return b""

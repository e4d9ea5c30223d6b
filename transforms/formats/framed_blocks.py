"""Zstandard and lz4 files block by block: what is whole before a damage is kept, and a cut is known for one.

Both are frames of blocks that say how long they are, and both know frames that are to be skipped (pzstd
writes one before each frame, the zstandard files of web archives keep their dictionary in the first). A
block unpacks to 128 KiB and 4 MiB at most: given to the library one by one, memory is bounded. The library's
own streams take a cut file for a whole one.
"""

from collections.abc import Callable, Iterator
from typing import BinaryIO

import lz4.frame  # type: ignore[import-untyped]
import zstandard

from wellspring.transforms.formats.gzip_members import DamagedStreamError

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
LZ4_MAGIC = b"\x04\x22\x4d\x18"
_SKIPPABLE = b"\x2a\x4d\x18"
_DICTIONARY = b"\x5d" + _SKIPPABLE
"""https://iipc.github.io/warc-specifications/specifications/warc-zstd/"""
_LARGEST_DICTIONARY = 64 << 20
_LARGEST_WINDOW = 1 << 31
"""What `zstd --ultra --long=31` writes."""
_LARGEST_LZ4_BLOCK = 4 << 20
_CHUNK = 1 << 18


def is_skippable(head: bytes) -> bool:
    return len(head) >= 4 and head[1:4] == _SKIPPABLE and head[0] >> 4 == 5


class _Source:
    """Reads exactly as many bytes as are asked for, and knows where."""

    def __init__(self, stream: BinaryIO, kind: str) -> None:
        self._stream = stream
        self._kind = kind
        self._held = b""
        self._at = 0
        self.offset = 0
        self.frame = 0
        """Where the frame that is being read begins."""

    def begin(self) -> bytes:
        """The magic of the next frame; empty where the file ends or nothing but zero bytes follow."""
        self.frame = self.offset
        magic = self._upto(4)
        while magic and not magic.strip(b"\0"):
            self.frame = self.offset
            magic = self._upto(4)
        if magic and len(magic) < 4:
            raise self._cut()
        return magic

    def take(self, size: int) -> bytes:
        data = self._upto(size)
        if len(data) < size:
            raise self._cut()
        return data

    def skip(self, size: int) -> None:
        while size:
            size -= len(self.take(min(size, _CHUNK)))

    def corrupt(self, detail: object) -> DamagedStreamError:
        return DamagedStreamError("corrupt", f"{self._kind} frame at byte {self.frame}: {detail}")

    def _cut(self) -> DamagedStreamError:
        return DamagedStreamError(
            "truncated", f"the file ends inside the {self._kind} frame at byte {self.frame}"
        )

    def _upto(self, size: int) -> bytes:
        if len(self._held) - self._at < size:
            pieces = [self._held[self._at :]]
            length = len(pieces[0])
            while length < size and (piece := self._stream.read(_CHUNK)):
                pieces.append(piece)
                length += len(piece)
            self._held, self._at = b"".join(pieces), 0
        data = self._held[self._at : self._at + size]
        self._at += len(data)
        self.offset += len(data)
        return data


def zstd_pieces(stream: BinaryIO) -> Iterator[bytes]:
    """What the frames of a zstandard file hold, a block at once.

    Raises:
        DamagedStreamError: after everything before the damage has been yielded.
    """
    source = _Source(stream, "zstandard")
    library = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
    while magic := source.begin():
        if is_skippable(magic):
            size = int.from_bytes(source.take(4), "little")
            if magic == _DICTIONARY and source.frame == 0 and size <= _LARGEST_DICTIONARY:
                library = _with_dictionary(source, source.take(size))
            else:
                source.skip(size)
            continue
        if magic != ZSTD_MAGIC:
            raise source.corrupt(f"{magic.hex(' ')} begins no frame")
        descriptor = source.take(1)
        single_segment, checksum = descriptor[0] >> 5 & 1, descriptor[0] >> 2 & 1
        length = (
            1 - single_segment
            + (0, 1, 2, 4)[descriptor[0] & 3]
            + (single_segment, 2, 4, 8)[descriptor[0] >> 6]
        )  # fmt: skip
        unpack = library.decompressobj().decompress
        waiting = magic + descriptor + source.take(length)
        last = False
        while not last:
            block = source.take(3)
            head = int.from_bytes(block, "little")
            last, kind, size = bool(head & 1), head >> 1 & 3, head >> 3
            block = waiting + block + source.take(1 if kind == 1 else size)
            waiting = b""
            yield from _unpacked(source, unpack, block)
        if checksum:
            yield from _unpacked(source, unpack, source.take(4))


def _with_dictionary(source: _Source, content: bytes) -> zstandard.ZstdDecompressor:
    """For the frames of a web archive, whose dictionary may itself be compressed."""
    try:
        if content.startswith(ZSTD_MAGIC):
            reader = zstandard.ZstdDecompressor(max_window_size=_LARGEST_DICTIONARY).stream_reader(content)
            content = reader.read(_LARGEST_DICTIONARY)
        dictionary = zstandard.ZstdCompressionDict(content)
        return zstandard.ZstdDecompressor(dict_data=dictionary, max_window_size=_LARGEST_WINDOW)
    except zstandard.ZstdError as error:
        raise source.corrupt(f"the dictionary can't be read: {error}") from error


def lz4_pieces(stream: BinaryIO) -> Iterator[bytes]:
    """What the frames of an lz4 file hold, a block at once.

    Raises:
        DamagedStreamError: after everything before the damage has been yielded.
    """
    source = _Source(stream, "lz4")
    while magic := source.begin():
        if is_skippable(magic):
            source.skip(int.from_bytes(source.take(4), "little"))
            continue
        if magic != LZ4_MAGIC:
            raise source.corrupt(f"{magic.hex(' ')} begins no frame")
        flags = source.take(2)
        block_checksum, content_size, content_checksum, dictionary = (
            flags[0] >> bit & 1 for bit in (4, 3, 2, 0)
        )
        if dictionary:
            raise source.corrupt("it was compressed with a dictionary, which the file doesn't have")
        decoder = lz4.frame.LZ4FrameDecompressor()
        yield from _unpacked(source, decoder.decompress, magic + flags + source.take(8 * content_size + 1))
        while any(block := source.take(4)):
            size = int.from_bytes(block, "little") & 0x7FFFFFFF
            if size > _LARGEST_LZ4_BLOCK:
                raise source.corrupt(f"a block of {size} bytes")
            yield from _unpacked(source, decoder.decompress, block + source.take(size + 4 * block_checksum))
        yield from _unpacked(source, decoder.decompress, block + source.take(4 * content_checksum))


def _unpacked(source: _Source, unpack: Callable[[bytes], bytes], block: bytes) -> Iterator[bytes]:
    try:
        piece = unpack(block)
    except (zstandard.ZstdError, RuntimeError, EOFError, ValueError) as error:
        raise source.corrupt(error) from error
    if piece:
        yield piece

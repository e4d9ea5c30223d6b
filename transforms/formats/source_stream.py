"""A raw binary stream that tells failures of storage from damage in the content, and counts."""

import io
from typing import Any, BinaryIO


class StorageError(Exception):
    """The storage failed, not the content: `__cause__` is what it raised.

    Deliberately no OSError: FastWARC, warcio and pyarrow raise that for damaged content.
    """


class SourceStream(io.RawIOBase):
    """Wraps a binary stream for a reader.

    A read that fails is tried once more from where it began, where the stream can go back: clients don't
    try again when an answer breaks off in its middle. Raises StorageError for whatever the stream raises
    then. `consumed` is the furthest byte that was read.
    """

    def __init__(self, raw: BinaryIO) -> None:
        super().__init__()
        self._raw = raw
        self._seekable = bool(raw.seekable())
        self._position = 0
        self._ahead = b""
        self.consumed = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._seekable

    def tell(self) -> int:
        return self._position

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, fewer only where the stream ends before; they are read again."""
        begin, pieces, missing = self._position, [], size
        while missing and (piece := self.read(missing)):
            pieces.append(piece)
            missing -= len(piece)
        data = b"".join(pieces)
        if self._seekable:
            self.seek(begin)
        else:
            self._ahead = data + self._ahead
            self._position = begin
        return data

    def read(self, size: int | None = -1, /) -> bytes:
        if self._ahead:
            end = len(self._ahead) if size is None or size < 0 else size
            data, self._ahead = self._ahead[:end], self._ahead[end:]
            self._position += len(data)
            return data if size is not None and size >= 0 else data + self.read(-1)
        try:
            data = self._raw.read(-1 if size is None else size)
        except Exception as error:  # whatever a storage client raises is a failure of storage
            if not self._seekable:
                raise StorageError(f"reading at byte {self._position}: {error!r}") from error
            self.seek(self._position)
            data = self._read_once(-1 if size is None else size)
        self._position += len(data)
        self.consumed = max(self.consumed, self._position)
        return data or b""

    def _read_once(self, size: int) -> bytes:
        try:
            return self._raw.read(size)
        except Exception as error:  # as above
            raise StorageError(f"reading at byte {self._position}: {error!r}") from error

    def readinto(self, buffer: Any, /) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        return self.read(-1)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        if not self._seekable:
            raise io.UnsupportedOperation("this stream can't go back")
        try:
            self._position = self._raw.seek(offset, whence)
        except Exception as error:  # as in read
            raise StorageError(f"seeking to byte {offset}: {error!r}") from error
        return self._position


def source_stream(stream: BinaryIO) -> SourceStream:
    """The stream itself, or wrapped where it isn't one yet."""
    return stream if isinstance(stream, SourceStream) else SourceStream(stream)

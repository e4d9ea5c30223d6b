"""Paths to raw binary streams: local, gs:// and s3:// through Beam, http(s):// through fsspec."""

import contextlib
import errno
import io
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems

from wellspring.transforms.storage.file_names import file_name
from wellspring.transforms.storage.public_path import public_path, public_text
from wellspring.transforms.storage.whole_file import STANDARD

HTTP_TIMEOUT_SECONDS = 60.0
"""Longest wait for one read of a few MiB; a stalled server counts as a failed attempt."""
HTTP_ATTEMPTS = 6
FIRST_WAIT_SECONDS = 0.5
"""Waits double: .5, 1, 2, 4, 8 seconds between the six attempts."""
_HTTP_BLOCK_BYTES = 4 << 20
_IN_MEMORY_BYTES = 64 << 20
_PERMANENT_HTTP = frozenset(range(400, 500)) - {408, 425, 429}
# What a kernel says of a file here that it can't open or read, and would say again.
_PERMANENT_LOCAL = frozenset(
    (
        errno.ENOENT, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG,
        errno.ENXIO, errno.ENODEV, errno.EINVAL, errno.EIO,
    )
)  # fmt: skip
_KINDS = {
    stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"
}  # fmt: skip


def is_http(path: str) -> bool:
    return path.lower().startswith(("http://", "https://"))


def open_binary(path: str, base: str = "") -> BinaryIO:
    """The bytes of a file as they are stored: nothing is decompressed. Close it.

    Args:
        path: as `transforms.storage.find_files` gives it.
        base: folder that relative local names start from; the current one if it isn't given.

    Raises:
        OSError: or what the storage's client raises; `is_permanent` sorts it. http(s) is tried
            HTTP_ATTEMPTS times first.
    """
    if is_http(path):
        return cast(BinaryIO, io.BufferedReader(HttpStream(path), _HTTP_BLOCK_BYTES))
    if "://" not in path:
        return _open_local(path, base)
    return cast(
        BinaryIO,
        FileSystems.open(path, "application/octet-stream", compression_type=CompressionTypes.UNCOMPRESSED),
    )


def _open_local(path: str, base: str) -> BinaryIO:
    name = os.path.join(base, file_name(path))  # noqa: PTH118
    try:
        mode = os.stat(name).st_mode  # noqa: PTH116
        if stat.S_ISDIR(mode):
            os.listdir(name)  # noqa: PTH208  it may be that alone which can't be done
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise OSError(errno.ENXIO, f"{_KINDS.get(stat.S_IFMT(mode), 'no file')}, and no file")
        return Path(name).open("rb")
    except OSError as error:  # named as it was spelled
        raise OSError(error.errno, error.strerror, path) from None
    except ValueError as error:  # a NUL character
        raise FileNotFoundError(errno.ENOENT, str(error), path) from None


def is_stream(path: str) -> bool:
    """Whether a path is standard input (`-`), or a pipe or a device of this machine: it is read once."""
    if path == STANDARD:
        return True
    local = Path(file_name(path))
    return "://" not in path and (local.is_fifo() or local.is_char_device() or local.is_socket())


def open_once(path: str) -> BinaryIO:
    """`open_binary`, of a stream too: what comes from it is copied first, for readers go to and fro."""
    if not is_stream(path):
        return open_binary(path)
    copy = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115  the caller's to close
    standard, name = path == STANDARD, file_name(path)
    with contextlib.nullcontext(sys.stdin.buffer) if standard else Path(name).open("rb") as stream:
        shutil.copyfileobj(stream, copy, 1 << 20)
    copy.seek(0)
    return cast(BinaryIO, copy)


def name_of(path: str) -> str:
    """What records say of where they were read."""
    return "stdin" if path == STANDARD else path


class HttpError(OSError):
    """What a server or the network said, without what a URL is opened by."""

    permanent = False
    """Whether trying again can't help."""


def is_permanent(error: BaseException | None) -> bool:
    """Whether trying again can't help: the file isn't there, or isn't ours to read.

    Such a file becomes a file reject. Everything else (a reset connection, a timeout, 5xx, 429) is
    raised, so that the runner retries the bundle and a run fails rather than lose a file to the
    weather on the network: its output must not depend on that.
    """
    while error is not None:
        if isinstance(error, HttpError):
            return error.permanent
        # fsspec says FileNotFoundError of any failure to ask for a size: the cause knows better.
        if error.__cause__ is None and isinstance(error, OSError) and error.errno in _PERMANENT_LOCAL:
            return True
        if error.__cause__ is None and isinstance(
            error, FileNotFoundError | PermissionError | IsADirectoryError | NotADirectoryError
        ):
            return True
        # aiohttp's `code` is 400 for a body that was cut; only its `status` is the server's word.
        for name in ("status",) if type(error).__module__.startswith("aiohttp.") else ("status", "code"):
            value = getattr(error, name, None)
            if isinstance(value, int) and value in _PERMANENT_HTTP:
                return True
        if isinstance(error, BeamIOError) and isinstance(error.exception_details, dict):
            details = [e for e in error.exception_details.values() if isinstance(e, BaseException)]
            if any(is_permanent(detail) for detail in details):
                return True
        error = error.__cause__
    return False


def _in_public(error: BaseException) -> HttpError:
    public = HttpError(public_text(f"{type(error).__name__}: {error}"))
    public.permanent = is_permanent(error)
    return public


class HttpStream(io.RawIOBase):
    """A URL as a raw stream that survives failures: it opens again and goes on where it was.

    Seekable where the server takes ranges; elsewhere it reads from the start and skips. A file that
    changes its length between two attempts is an error.
    """

    def __init__(self, url: str) -> None:
        import aiohttp
        import fsspec

        super().__init__()
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=HTTP_TIMEOUT_SECONDS, sock_read=HTTP_TIMEOUT_SECONDS
        )
        self._url = url
        self._name = public_path(url)
        self._files = fsspec.filesystem("http", client_kwargs={"timeout": timeout}, skip_instance_cache=True)
        self._inner: Any = None
        self._size: int | None = None
        self._position = 0
        self._seekable = False
        self._attempts(self._open)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._seekable

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = 0, /) -> int:
        if not self.seekable():
            raise io.UnsupportedOperation(f"{self._name}: the server takes no ranges")
        self._position = self._attempts(lambda: int(self._inner.seek(offset, whence)))
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        data: bytes = self._attempts(lambda: self._inner.read(len(buffer)))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed and self._inner is not None:
            self._inner.close()
        super().close()

    async def _ask(self) -> tuple[bool, int | None]:
        """Whether the server takes ranges, and the size. fsspec takes for granted that it does, and
        fails past the first block where it doesn't.
        """
        session = await self._files.set_session()
        headers = {"Range": "bytes=0-0", "Accept-Encoding": "identity"}
        async with session.get(self._url, headers=headers) as answer:
            if answer.status == 416:  # an empty file has no first byte
                return False, None
            answer.raise_for_status()
            if answer.status == 206:
                total = answer.headers.get("Content-Range", "").rpartition("/")[2]
                if total.isdecimal():
                    return True, int(total)
            return False, answer.content_length

    def _open(self) -> None:
        from fsspec.asyn import sync

        ranges, size = sync(self._files.loop, self._ask)
        if self._inner is not None:
            self._inner.close()
        block = _HTTP_BLOCK_BYTES if ranges else 0
        inner = self._files.open(self._url, "rb", block_size=block, size=size)
        if self._size is not None and size != self._size:
            raise OSError(f"{self._name} changed while it was read: {self._size} bytes, now {size}")
        self._inner, self._size, self._seekable = inner, size, ranges
        if self._position and ranges:
            inner.seek(self._position)
        elif self._position:
            left = self._position
            while left:
                skipped = len(inner.read(min(left, _HTTP_BLOCK_BYTES)))
                if not skipped:
                    raise OSError(f"{self._name} is shorter than it was: {self._position - left} bytes")
                left -= skipped

    def _attempts(self, action: Callable[[], Any]) -> Any:
        import aiohttp

        broken = False
        for attempt in range(HTTP_ATTEMPTS):
            try:
                if broken:
                    self._open()
                return action()
            except (OSError, aiohttp.ClientError, ValueError) as error:
                if is_permanent(error) or attempt + 1 == HTTP_ATTEMPTS:
                    # The client's own error names the whole URL, and would be shown as the cause.
                    raise _in_public(error) from None
                broken = self._inner is not None
                time.sleep(FIRST_WAIT_SECONDS * 2**attempt)
        raise AssertionError("unreachable")

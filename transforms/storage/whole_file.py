"""Writing a file whole: the new content takes the old one's place at once, or the old file stays as it was.

What is no regular file (a device, a pipe, `-` for standard output) can't be replaced and is written to as it
is. A link stays a link: what it leads to is replaced. Imports no Beam.
"""

import contextlib
import errno
import gzip
import os
import re
import stat
import sys
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TextIO, cast

import zstandard

from wellspring.transforms.storage.storage import open_storage

STANDARD = "-"
"""As an input standard input, as an output standard output."""
_STDIN, _STDOUT = 0, 1
_DESCRIPTOR = re.compile(r"/proc/(?P<process>\d+)/(task/\d+/)?fd/(?P<number>\d+)")
_MOST_LINKS = 40


class OutputIsInputError(ValueError):
    """A job would write over what it reads; one line."""


@contextlib.contextmanager
def whole_file(path: str | Path, inputs: Iterable[str | Path] = ()) -> Iterator[BinaryIO]:
    """A file to write to, local or in a bucket. Where the block raises, what lay there before stays.

    Args:
        inputs: files that are read for it, and so may not be it.

    Raises:
        OutputIsInputError: it is one of them.
        OSError: it can't be written.
    """
    name = str(path)
    check_no_input(name, inputs)
    if "://" in name and not name.startswith("gs://"):
        raise OSError(f"{name}: files are written to this machine or to gs://")
    descriptor = _open_already(name)
    if name.startswith("gs://"):
        with tempfile.TemporaryFile() as file:
            yield cast(BinaryIO, file)
            file.seek(0)
            folder, _, last = name.rpartition("/")
            open_storage(folder).replace(last, file.read())
    elif descriptor == _STDOUT:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif descriptor is not None:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            yield file
    elif _is_special(name):
        with Path(name).open("wb") as file:
            yield file
    else:
        with _replaced(os.path.realpath(name)) as file:
            yield file


def write_whole(path: str | Path, content: bytes, inputs: Iterable[str | Path] = ()) -> None:
    """Writes a file that is in memory; see `whole_file`."""
    with whole_file(path, inputs) as file:
        file.write(content)


@contextlib.contextmanager
def compressed_file(path: str | Path, inputs: Iterable[str | Path] = ()) -> Iterator[BinaryIO]:
    """`whole_file`, compressed as its name says (.gz, .zst): the same content, the same bytes."""
    with whole_file(path, inputs) as raw:
        if str(path).endswith(".gz"):
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as file:
                yield cast(BinaryIO, file)
        elif str(path).endswith(".zst"):
            with zstandard.ZstdCompressor().stream_writer(raw, closefd=False) as writer:
                yield cast(BinaryIO, writer)
        else:
            yield raw


def check_no_input(output: str | Path, inputs: Iterable[str | Path]) -> None:
    """Whether an output is none of the inputs: the same file under any name, by way of links too.

    Raises:
        OutputIsInputError: it is one of them.
    """
    name = str(output)
    there = _regular(name, _STDOUT)
    for each in map(str, inputs):
        if "://" in name or "://" in each:
            same = name.rstrip("/") == each.rstrip("/")
        else:
            here = _regular(each, _STDIN)
            same = there is not None and here is not None and os.path.samestat(there, here)
        if same:
            read = "" if each == name else f" ({each} is the same file)"
            raise OutputIsInputError(f"{name} is what is read{read}: write to another file")


def is_standard_output(path: str | Path) -> bool:
    """Whether what is written to a path is standard output: `-`, `/dev/stdout`, or the file it leads to."""
    return _open_already(str(path)) == _STDOUT


def messages_beside(output: str | Path) -> TextIO:
    """Where a job says what it did: the error output where standard output is what it writes."""
    return sys.stderr if is_standard_output(output) else sys.stdout


def takes_its_place(path: str | Path) -> bool:
    """Whether a local output is a file that is replaced; what is open already, or no file, isn't."""
    name = str(path)
    return _open_already(name) is None and not _is_special(name)


@contextlib.contextmanager
def _replaced(target: str) -> Iterator[BinaryIO]:
    """A temporary file beside `target` that takes its place when the block ends well."""
    final = Path(target)
    mode = stat.S_IMODE(final.stat().st_mode) if final.exists() else None
    if final.is_dir():
        raise IsADirectoryError(errno.EISDIR, "Is a directory", target)
    if mode is not None and not os.access(final, os.W_OK):
        raise PermissionError(errno.EACCES, "Permission denied", target)
    temporary = final.parent / f".{uuid.uuid4().hex}.unfinished"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except OSError as error:
        raise OSError(error.errno, error.strerror, target) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            if mode is not None:
                os.fchmod(descriptor, mode)
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _open_already(path: str) -> int | None:
    """The descriptor of this process that a path names, as `-` and /dev/fd/3 do.

    Standard output's also where the path leads to the same file: what replaced that would have its name, and
    what is printed would end up in no file.
    """
    if path == STANDARD:
        return _STDOUT
    if "://" in path:
        return None
    link = Path(path).absolute()
    for _ in range(_MOST_LINKS):
        # Link by link, and never the last one of /proc: that leads out of it.
        link = link.parent.resolve() / link.name
        if found := _DESCRIPTOR.fullmatch(str(link)):
            return int(found["number"]) if int(found["process"]) == os.getpid() else None
        if not link.is_symlink():
            break
        link = link.parent / link.readlink()
    there, standard = _regular(path, _STDOUT), _regular(STANDARD, _STDOUT)
    return _STDOUT if there and standard and os.path.samestat(there, standard) else None


def _is_special(path: str) -> bool:
    """Whether something lies there that is no regular file and no folder."""
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _regular(path: str, standard: int) -> os.stat_result | None:
    """The file that a path leads to; None for what is none: a terminal may be read and written."""
    try:
        found = os.fstat(standard) if path == STANDARD else Path(path).stat()
    except (OSError, ValueError):
        return None
    return found if stat.S_ISREG(found.st_mode) else None

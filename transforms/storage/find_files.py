"""What a person writes for files, to the files: names, patterns, folders, lists of paths, wherever they lie.

Every job finds its files by this. Names that aren't UTF-8 are given as `file_names` writes them, and opened
by that.
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from wellspring.transforms.formats.compression import unpacked
from wellspring.transforms.formats.detect import BOM, wide_text
from wellspring.transforms.formats.gzip_members import DamagedStreamError
from wellspring.transforms.storage.file_names import file_name, written_name
from wellspring.transforms.storage.local_files import Found, find_local
from wellspring.transforms.storage.open_files import is_http, open_binary
from wellspring.transforms.storage.public_path import public_path
from wellspring.transforms.storage.stored_files import find_stored, stored_bytes

_MAX_LIST_LINE = 1 << 16
_PATH_LIST = re.compile(r"\.paths(\.txt)?(\.(gz|zst|bz2|xz|lz4))?$", re.IGNORECASE)
_NOT_UTF_8 = re.compile(r"[\udc80-\udcff]")


def find(pattern: str, base: str = "") -> Found:
    """The files that a name, a pattern or a folder stands for. A path list is a file like any other here.

    A URL stands for itself.

    Args:
        base: folder that relative local names start from; the current one if it isn't given.

    Raises:
        FileNotFoundError: there is none; the message says what there is instead.
        OSError, ValueError: where it should lie can't be asked.
    """
    pattern = located(pattern)
    if is_http(pattern):
        return Found([pattern], [])
    if "://" in pattern:
        return find_stored(pattern)
    try:
        paths, remarks = find_local(pattern, base)
    except FileNotFoundError as error:
        # as a message or a manifest has it
        if (name := file_name(pattern)) == pattern:
            raise FileNotFoundError(written_name(str(error))) from None
        paths, remarks = find_local(name, base)
    return Found(sorted(map(written_name, paths)), list(map(written_name, remarks)))


def located(pattern: str) -> str:
    """A pattern without what only its writer's machine and shell know: `~`, and `file://`.

    Bytes of a URL that aren't UTF-8 are written as URLs write them.
    """
    if "://" not in pattern:
        return pattern if os.path.lexists(pattern) else os.path.expanduser(pattern)  # noqa: PTH111
    if pattern.lower().startswith("file://"):
        return unquote(urlsplit(pattern).path, errors="surrogateescape")
    return _NOT_UTF_8.sub(lambda byte: f"%{ord(byte[0]) & 0xFF:02X}", pattern)


def is_path_list(path: str) -> bool:
    """Whether a file names files: `*.paths`, `*.paths.txt`, compressed or not."""
    return _PATH_LIST.search(path) is not None


def read_path_list(stream: BinaryIO, path: str, prefix: str = "") -> Iterator[str]:
    """The paths that a path list names, one a line, `prefix` in front of those that are relative.

    Blank lines and lines that begin with `#` are skipped. Its compression is told by its first bytes.

    Raises:
        ValueError: the list is damaged, or isn't text: a part of a list must not pass for the whole.
    """
    rest: bytes | None = None
    try:
        for piece in unpacked(stream):
            if rest is None and (encoding := wide_text(piece)):
                raise ValueError(f"path list {public_path(path)} is {encoding}: write it as UTF-8")
            *lines, rest = (piece.removeprefix(BOM) if rest is None else rest + piece).split(b"\n")
            if len(rest) > _MAX_LIST_LINE:
                name = public_path(path)
                raise ValueError(f"{name}: a line of more than {_MAX_LIST_LINE} bytes is no path")
            yield from _listed(lines, prefix)
        yield from _listed([rest or b""], prefix)
    except (DamagedStreamError, UnicodeDecodeError) as error:
        raise ValueError(f"path list {public_path(path)} can't be read to its end: {error}") from error


def _listed(lines: Iterable[bytes], prefix: str) -> Iterator[str]:
    for line in lines:
        name = _name(line.strip())
        if name and not name.startswith("#"):
            absolute = "://" in name or name.startswith("/")
            yield name if absolute or not prefix else f"{prefix.rstrip('/')}/{name}"


def _name(line: bytes) -> str:
    """A line of a path list as a written name.

    Raises:
        UnicodeDecodeError: it isn't UTF-8, and no file of this machine has that name.
    """
    try:
        return written_name(line.decode().strip())
    except UnicodeDecodeError:
        if os.path.lexists(line):
            return written_name(os.fsdecode(line))
        raise


def expand(pattern: str, base: str = "") -> list[str]:
    """The files that `find` finds, sorted."""
    return find(pattern, base).paths


def expand_all(patterns: Iterable[str], prefix: str = "", base: str = "") -> Iterator[str]:
    """Every file that patterns and the path lists among their matches name, in order, repeats kept.

    Raises:
        FileNotFoundError: a pattern matches nothing.
        ValueError: a path list is damaged.
    """
    for pattern in patterns:
        yield from unlisted(expand(pattern, base), prefix, base)


def unlisted(paths: Iterable[str], prefix: str = "", base: str = "") -> Iterator[str]:
    """Files, with what they name in the place of path lists.

    Raises:
        OSError, ValueError: a path list can't be read, or is damaged.
    """
    for path in paths:
        if is_path_list(path):
            with open_binary(path, base) as stream:
                yield from read_path_list(stream, path, prefix)
        else:
            yield path


def same_file_key(path: str, base: str = "") -> str:
    """Equal for two spellings of one local path; a path in a store is its own key."""
    if "://" in path:
        return path
    name = os.path.join(base, file_name(path))  # noqa: PTH118
    return written_name(os.path.abspath(name))  # noqa: PTH100  Path.absolute keeps `..`


def bytes_of(paths: Iterable[str]) -> int | None:
    """Bytes as stored over files, each once, for an ETA; None when some size can't be had from a
    listing: asking a web server for each of 90,000 files takes longer than it is worth.

    Raises:
        OSError: a store can't be asked.
    """
    files: dict[str, str] = {}
    for path in paths:
        if is_http(path):
            return None
        files.setdefault(same_file_key(path), path)
    return sum(stored_bytes(path) if "://" in path else local_bytes(path) for path in files.values())


def local_bytes(path: str) -> int:
    """Bytes of a file on this machine; 0 for what is none: that is said when it is read."""
    local = Path(file_name(path))
    try:
        return local.stat().st_size if local.is_file() else 0
    except (OSError, ValueError):
        return 0

"""A folder of files that people add to: read, listed, and created only where nothing lies yet; and what
`transforms.storage.replace_files` needs to put others in their place.

Decisions and releases are made by several people at once, from several machines; the one guarantee
they rest on is that of two who create the same file exactly one succeeds. Imports no Beam, so that
the review page starts fast.
"""

import contextlib
import errno
import fcntl
import glob
import os
import shutil
import uuid
from pathlib import Path
from typing import Protocol

UNFINISHED = ".unfinished"
"""Folder in a run for what there is while it goes on; a finished run has none."""


# What systems say where a file can't have two names.
_NO_LINKS = {errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


class Storage(Protocol):
    """Files under one folder; every path is relative to it, with "/" between its parts."""

    def read(self, path: str) -> bytes:
        """The content of a file.

        Raises:
            FileNotFoundError: it isn't there.
        """

    def create(self, path: str, content: bytes) -> None:
        """Writes a new file, whole or not at all; of several who create the same path, one succeeds.

        Raises:
            FileExistsError: it is there already.
        """

    def files(self, folder: str) -> list[str]:
        """The paths of all files under a folder, at any depth, sorted; none where it isn't there."""

    def generations(self) -> dict[str, int]:
        """Which generation of each file lies there now, by path; empty where files have none."""

    def replace(self, path: str, content: bytes) -> None:
        """Writes a file, whatever lies there."""

    def exchange(self, path: str, before: bytes, after: bytes | None) -> bool:
        """Puts `after` (None: nothing) where a file holds `before`. Of several who exchange the same content,
        which nobody may write twice, one succeeds.

        Returns:
            Whether this call did it: no longer where the file is gone, or holds something else.
        """

    def put_in_place(self, source: str, target: str, generation: int | None) -> None:
        """Puts the source's content where `target` lies. Done already, with or without its source, it changes
        nothing.

        Args:
            generation: of the target that is to go; None where none lay. Without generations unused.

        Raises:
            OSError: another has changed the target.
        """

    def delete(self, path: str, generation: int | None = None) -> None:
        """Deletes a file; one that isn't there is no error.

        Raises:
            OSError: there is another generation of it.
        """

    def remove(self, folder: str) -> None:
        """Deletes all files under a folder; one that isn't there is no error."""


def open_storage(folder: str) -> Storage:
    """The storage of a local folder or of one in a bucket (`gs://bucket/folder`)."""
    if folder.startswith("gs://"):
        from wellspring.transforms.storage.cloud_storage import CloudStorage

        return CloudStorage(folder)
    return LocalStorage(folder)


class LocalStorage:
    """A folder on this machine, or on a shared file system. Without hard links a file that is created appears
    at once, but not with its content at once.
    """

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def read(self, path: str) -> bytes:
        return (self._folder / path).read_bytes()

    def create(self, path: str, content: bytes) -> None:
        final = self._folder / path
        if final.exists():
            raise FileExistsError(f"{final} is there already")
        final.parent.mkdir(parents=True, exist_ok=True)
        # Written under a name of its own and then linked: the final name appears with its whole
        # content, and, unlike a rename, a link never replaces what another has put there.
        temporary = _beside(final)
        try:
            _write_new(temporary, content)
            os.link(temporary, final)
        except FileNotFoundError:
            if final.exists():  # whoever created it has swept our temporary file away
                raise FileExistsError(f"{final} is there already") from None
            raise
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            _write_new(final, content)
        finally:
            temporary.unlink(missing_ok=True)
        _sweep(final)

    def files(self, folder: str) -> list[str]:
        root = self._folder / folder
        found = []
        for parent, _, names in os.walk(root):
            below = Path(parent).relative_to(self._folder)
            # a name with a leading dot is a file that is being written
            found += [(below / name).as_posix() for name in names if not name.startswith(".")]
        return sorted(found)

    def generations(self) -> dict[str, int]:
        return {}

    def replace(self, path: str, content: bytes) -> None:
        final = self._folder / path
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary = _beside(final)
        _write_new(temporary, content)
        temporary.replace(final)

    def exchange(self, path: str, before: bytes, after: bytes | None) -> bool:
        final = self._folder / path
        try:
            with final.open("r+b") as file:
                with contextlib.suppress(OSError):  # a file system without locks: then as well as can be
                    fcntl.flock(file, fcntl.LOCK_EX)
                # Whoever had the lock before may have put another file there.
                if not os.path.samestat(os.fstat(file.fileno()), final.stat()) or file.read() != before:
                    return False
                _sweep(final)
                if after is None:
                    final.unlink()
                else:
                    temporary = _beside(final)
                    _write_new(temporary, after)
                    temporary.replace(final)
        except FileNotFoundError:
            return False
        if after is None:
            self._remove_empty(path)
        return True

    def put_in_place(self, source: str, target: str, generation: int | None) -> None:
        if (self._folder / source).is_file():
            (self._folder / target).parent.mkdir(parents=True, exist_ok=True)
            (self._folder / source).replace(self._folder / target)

    def delete(self, path: str, generation: int | None = None) -> None:
        (self._folder / path).unlink(missing_ok=True)
        self._remove_empty(path)

    def remove(self, folder: str) -> None:
        if (self._folder / folder).is_dir():
            shutil.rmtree(self._folder / folder)
        self._remove_empty(folder)

    def _remove_empty(self, path: str) -> None:
        """A folder goes with its last file, as in a bucket."""
        for parent in (self._folder / path).parents:
            if parent == self._folder:
                return
            try:
                parent.rmdir()
            except OSError:  # something lies there, perhaps since this moment
                return


def _beside(final: Path) -> Path:
    """A name for what is to become a file."""
    return final.parent / f".{final.name}.{uuid.uuid4().hex}"


def _write_new(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sweep(final: Path) -> None:
    """Removes what a process that was killed left of a file, and what one of several writers has no more use
    for.
    """
    for left in final.parent.glob(f".{glob.escape(final.name)}.*"):
        left.unlink(missing_ok=True)

"""Publishing a file of a run: whole under its final name, or not at all."""

import hashlib
import shutil
import uuid
from functools import cache
from typing import TYPE_CHECKING

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from schemas.manifest import FileRecord

if TYPE_CHECKING:
    from transforms.cloud_storage import CloudStorage

UNFINISHED = ".unfinished"
"""Folder in a run for files that are being written; a finished run has none."""

LAST_FILES = ("report.html", "manifest.json")
"""What a run writes at its end. Both hold the time, so that writing them again replaces them."""


def publish(run: str, path: str, content: bytes, rows: int) -> FileRecord:
    """Writes `content` under its final name, `path` (relative to the run).

    Two workers that publish the same path write the same bytes, so that whichever comes last
    changes nothing. Elsewhere than in Cloud Storage the file gets a temporary name and is renamed.

    Raises:
        FileExistsError: in Cloud Storage, where it can be seen: other bytes lie there, so that the run
            isn't determined by its input, or another job writes into the same folder.
    """
    if not run.startswith("gs://"):
        _write_and_rename(run, path, content)
    elif path in LAST_FILES:
        _bucket_folder(run).replace(path, content)
    else:
        try:
            _bucket_folder(run).create_same(path, content)
        except FileExistsError as error:
            raise FileExistsError(
                f"{error}: either another job writes this run too, or the same input gave two results "
                "(was the code or the profile changed while it ran?); run it again with nothing beside it"
            ) from error
    return FileRecord(path=path, rows=rows, sha256=hashlib.sha256(content).hexdigest())


def _write_and_rename(run: str, path: str, content: bytes) -> None:
    temporary = FileSystems.join(run, UNFINISHED, uuid.uuid4().hex)
    final = FileSystems.join(run, *path.split("/"))
    make_folder(FileSystems.join(run, UNFINISHED))
    with FileSystems.create(temporary, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        file.write(content)
    make_folder(FileSystems.split(final)[0])
    FileSystems.rename([temporary], [final])


@cache
def _bucket_folder(run: str) -> "CloudStorage":
    """One client a process: making one looks for credentials."""
    from transforms.cloud_storage import CloudStorage

    return CloudStorage(run)


def make_folder(folder: str) -> None:
    """Makes a folder of a run, where it is not there."""
    try:
        FileSystems.mkdirs(folder)
    except OSError:
        # Another file, or another worker, made it; anything else is for the caller to see.
        if not FileSystems.exists(folder):
            raise


def remove_folder(folder: str, but: str | None = None) -> None:
    """Removes a folder of a run and all that lies in it, but what lies in the folder `but`; one that isn't
    there is no error."""
    if FileSystems.get_scheme(folder) is None and but is None:
        shutil.rmtree(folder, ignore_errors=True)
        return
    matched = FileSystems.match([FileSystems.join(folder, "**")])[0].metadata_list
    paths = [m.path for m in matched if but is None or not m.path.startswith(but.rstrip("/") + "/")]
    if paths:
        FileSystems.delete(paths)

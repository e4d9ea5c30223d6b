"""Publishing a file of a run: whole under its final name, or not at all."""

import hashlib
import shutil
import uuid

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from schemas.manifest import FileRecord

UNFINISHED = ".unfinished"
"""Folder in a run for files that are being written; a finished run has none."""


def publish(run: str, path: str, content: bytes, rows: int) -> FileRecord:
    """Writes `content` to a temporary name and renames it to `path` (relative to the run).

    Two workers that publish the same path write the same bytes, so that whichever comes last
    changes nothing.
    """
    temporary = FileSystems.join(run, UNFINISHED, uuid.uuid4().hex)
    final = FileSystems.join(run, *path.split("/"))
    _make_folder(FileSystems.join(run, UNFINISHED))
    with FileSystems.create(temporary, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        file.write(content)
    _make_folder(FileSystems.split(final)[0])
    FileSystems.rename([temporary], [final])
    return FileRecord(path=path, rows=rows, sha256=hashlib.sha256(content).hexdigest())


def _make_folder(folder: str) -> None:
    try:
        FileSystems.mkdirs(folder)
    except OSError:
        # Another file, or another worker, made it; anything else is for the caller to see.
        if not FileSystems.exists(folder):
            raise


def remove_folder(folder: str) -> None:
    """Removes a folder of a run and all that lies in it; one that isn't there is no error."""
    if FileSystems.get_scheme(folder) is None:
        shutil.rmtree(folder, ignore_errors=True)
        return
    matched = FileSystems.match([FileSystems.join(folder, "**")])[0].metadata_list
    if matched:
        FileSystems.delete([metadata.path for metadata in matched])

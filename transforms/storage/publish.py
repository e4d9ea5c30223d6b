"""Publishing a file of a run: whole under its final name, or not at all."""

import contextlib
import os
import uuid
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from wellspring.schemas.encoding import sha256_hex
from wellspring.schemas.manifest import FileRecord, Manifest
from wellspring.transforms.storage.claim import FOLDER_CLAIM, check_claim, folder_claim, holds_claim, let_go
from wellspring.transforms.storage.storage import UNFINISHED, open_storage

if TYPE_CHECKING:
    from wellspring.transforms.storage.cloud_storage import CloudStorage

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
    return FileRecord(path=path, rows=rows, sha256=sha256_hex(content))


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
    """One client per process: making one looks for credentials."""
    from wellspring.transforms.storage.cloud_storage import CloudStorage

    return CloudStorage(run)


def finish_folder(run: str, report: bytes, manifest: bytes, claim: str | None) -> None:
    """The end of a run or a set: its last files, then nothing more that is unfinished.

    Args:
        claim: of the folder, by its id; None for one that nobody claimed.

    Raises:
        ClaimLostError: the folder isn't this run's any more; nothing was written.
    """
    if claim is not None:
        check_claim(folder_claim(run), claim)
    for path, content in zip(LAST_FILES, (report, manifest), strict=True):
        publish(run, path, content, 0)
    clear_unfinished(run, claim)


def is_finished(run: str, begun: Manifest) -> bool:
    """Whether this very run, which began with that manifest, has written its last one."""
    try:
        there = msgspec.json.decode(open_storage(run).read("manifest.json"), type=Manifest)
    except (FileNotFoundError, msgspec.DecodeError):
        return False
    return (there.started, there.parameters) == (begun.started, begun.parameters)


def clear_unfinished(run: str, claim: str | None) -> None:
    """Removes what only an unfinished run has, and lets its claim go.

    The run is finished: what can't be removed doesn't make it a failure. The claim is the last to go, so that
    whoever makes the next one finds nothing that is still being removed.
    """
    place = folder_claim(run)
    with contextlib.suppress(Exception):  # clients of storage raise many types
        if claim is None or holds_claim(place, claim):
            kept = [] if claim is None else [FileSystems.join(run, *FOLDER_CLAIM.split("/"))]
            remove_folder(FileSystems.join(run, UNFINISHED), but=kept)
        if claim is not None:
            let_go(place, claim)


def make_folder(folder: str) -> None:
    """Makes a folder of a run, where it is not there."""
    try:
        FileSystems.mkdirs(folder)
    except OSError:
        # Another file, or another worker, made it; anything else is for the caller to see.
        if not FileSystems.exists(folder):
            raise


def remove_folder(folder: str, but: Collection[str] = ()) -> None:
    """Removes a folder of a run and all that lies in it but the files and folders `but`; one that isn't there
    is no error.
    """
    if FileSystems.get_scheme(folder) is not None:
        matched = FileSystems.match([FileSystems.join(folder, "**")])[0].metadata_list
        if paths := [metadata.path for metadata in matched if not _is_one_of(metadata.path, but)]:
            FileSystems.delete(paths)
        return
    for parent, folders, files in os.walk(folder, topdown=False):
        for path in (Path(parent, name) for name in files):
            if not _is_one_of(str(path), but):
                path.unlink(missing_ok=True)
        for path in (*(Path(parent, name) for name in folders), Path(parent)):
            with contextlib.suppress(OSError):  # something is kept there
                path.unlink() if path.is_symlink() else path.rmdir()


def _is_one_of(path: str, kept: Collection[str]) -> bool:
    return any(path == one or path.startswith(f"{one.rstrip('/')}/") for one in kept)

"""An anchor set's folder: signed versions that are only added, and the log of exports.

    versions/0001/version.json  signature  documents-00000.parquet ...  rejects.parquet
    exports/0001.json
    forgotten/0001.json  0001.signature     documents that were taken out: see anchor_removals
    .unfinished/                what a killed job leaves; no part of the set

A version is a folder that is renamed into its place when all of it is written: it is there or it isn't.
"""

import contextlib
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.own_output import own_folder
from wellspring.schemas.anchor import AnchorExport, AnchorVersion, LoggedExport
from wellspring.schemas.encoding import json_bytes, sha256_hex
from wellspring.schemas.forgotten import FORGOTTEN
from wellspring.transforms.storage.claim import FOLDER_CLAIM
from wellspring.transforms.storage.publish import remove_folder
from wellspring.transforms.storage.replace_files import finish_replacing
from wellspring.transforms.storage.storage import UNFINISHED, open_storage

VERSIONS, EXPORTS = "versions", "exports"
VERSION_FILE, SIGNATURE_FILE, REJECTS_FILE = "version.json", "signature", "rejects.parquet"


def version_folder(anchor: Path, version: int) -> Path:
    """Where a version lies."""
    return anchor / VERSIONS / f"{version:04d}"


def export_file(anchor: Path, export: int) -> Path:
    """Where the record of an export lies."""
    return anchor / EXPORTS / f"{export:04d}.json"


def removal_file(removal: int) -> str:
    """Where the record of a removal lies in the set."""
    return f"{FORGOTTEN}/{removal:04d}.json"


def removal_signature_file(removal: int) -> str:
    """Where its signature lies in the set."""
    return f"{FORGOTTEN}/{removal:04d}.signature"


def documents_file(shard: int) -> str:
    """A shard's name in its version's folder."""
    return f"documents-{shard:05d}.parquet"


@contextlib.contextmanager
def writing(anchor: Path, job: str) -> Iterator[None]:
    """While it holds, no other job writes to the set; what a killed one left is cleared, and a removal that
    it had committed is ended.

    Raises:
        UsageError: there is no such folder, or another job is writing to it.
    """
    if not anchor.is_dir():
        what = "Not a directory" if anchor.exists() else "No such file or directory"
        raise UsageError(f"--anchor {anchor} is no anchor set: {what}")
    with own_folder(job, anchor, flag="--anchor"):
        finish_replacing(open_storage(str(anchor)))
        _clear_unfinished(anchor)
        yield
        _clear_unfinished(anchor)


def _clear_unfinished(anchor: Path) -> None:
    remove_folder(str(anchor / UNFINISHED), but=[str(anchor / FOLDER_CLAIM)])


def write_version(
    anchor: Path, version: AnchorVersion, files: Mapping[str, bytes], key: Ed25519PrivateKey
) -> None:
    """Signs a version and adds it with its files, all at once or not at all."""
    content = json_bytes(version, indent=1)
    unfinished = anchor / UNFINISHED / uuid.uuid4().hex
    unfinished.mkdir(parents=True)
    for name, data in {**files, VERSION_FILE: content, SIGNATURE_FILE: key.sign(content)}.items():
        _write(unfinished / name, data)
    final = version_folder(anchor, version.version)
    final.parent.mkdir(exist_ok=True)
    unfinished.rename(final)
    _sync(final.parent)


def log_export(anchor: Path, record: AnchorExport) -> None:
    """Adds a record to the log of exports."""
    logged = LoggedExport(record=record, sha256=sha256_hex(msgspec.json.encode(record)))
    unfinished = anchor / UNFINISHED / uuid.uuid4().hex
    unfinished.parent.mkdir(exist_ok=True)
    _write(unfinished, msgspec.json.encode(logged))
    final = export_file(anchor, record.export)
    final.parent.mkdir(exist_ok=True)
    unfinished.rename(final)
    _sync(final.parent)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """So that a renamed file survives a power failure too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

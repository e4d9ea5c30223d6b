"""A finished run as its readers see it: the manifest, and files whose bytes are the manifest's.

Imports no Beam, so that the commands of people who review start fast.
"""

from collections.abc import Container
from typing import TypeVar

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from wellspring.schemas.audit import Audit
from wellspring.schemas.decision import Release
from wellspring.schemas.encoding import sha256_hex
from wellspring.schemas.manifest import FileEntry, Manifest
from wellspring.schemas.training_set import SET
from wellspring.schemas.window_audit import WindowAudit
from wellspring.transforms.storage.storage import Storage, open_storage

Row = TypeVar("Row", bound=msgspec.Struct)


class RunError(ValueError):
    """A folder that is no finished run, or a file of it that isn't what it was; one line."""


class _Kind(msgspec.Struct):
    kind: str | None = None


class FinishedRun:
    """A run's folder, local or in a bucket, and its manifest.

    Raises:
        RunError: there is no manifest, so it is no finished run; or it can't be read.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder.rstrip("/") or folder
        self.storage: Storage = open_storage(self.folder)
        try:
            content = self.storage.read("manifest.json")
            self.manifest_sha256 = sha256_hex(content)
        except FileNotFoundError as error:
            raise RunError(f"{folder} is not a finished run: it has no manifest.json") from error
        except OSError as error:
            raise RunError(f"{folder} can't be read: {error}") from error
        try:
            self.manifest = msgspec.json.decode(content, type=Manifest)
            self.is_set = msgspec.json.decode(content, type=_Kind).kind == SET
            """Whether it is a training set, whose manifest is a run's with more in it."""
        except msgspec.DecodeError as error:
            raise RunError(f"{folder}/manifest.json can't be read: {error}") from error

    def read(self, path: str) -> bytes:
        """A file that the manifest lists, with the bytes that the run wrote.

        Raises:
            RunError: it isn't listed, is gone, or was changed since.
        """
        if path not in self.manifest.files:
            raise RunError(f"{self.folder}: the manifest lists no {path}")
        return read_as_recorded(self.storage, path, self.manifest.files[path], self.folder)

    def audits(self) -> list[Audit]:
        """The audits of all batches, in the order of the run's files.

        Raises:
            RunError: one of the files was changed, or can't be read.
        """
        audits: list[Audit] = []
        for path in sorted(p for p in self.manifest.files if p.startswith("audits/")):
            if path.endswith(".parquet"):
                audits += rows_of(self.read(path), Audit, f"{self.folder}/{path}")
        return audits

    def releases(self, but: Container[str] = ()) -> dict[str, Release]:
        """What people have let out of its hold queue so far, by the releases' paths, in their order.

        Args:
            but: paths that are known already and needn't be read.

        Raises:
            RunError: one can't be read.
        """
        found = {}
        for path in self.storage.files("releases"):
            if path.endswith(".json") and path not in but:
                try:
                    found[path] = msgspec.json.decode(self.storage.read(path), type=Release)
                except msgspec.DecodeError as error:
                    raise RunError(f"{self.folder}/{path} can't be read: {error}") from error
        return found

    def drift(self) -> list[WindowAudit]:
        """Every stratum over its windows, in the order of the run's files.

        Raises:
            RunError: one of the files was changed, or can't be read.
        """
        windows: list[WindowAudit] = []
        for path in sorted(p for p in self.manifest.files if p.startswith("audits/_drift-")):
            try:
                windows += msgspec.json.Decoder(WindowAudit).decode_lines(self.read(path))
            except msgspec.DecodeError as error:
                raise RunError(f"{self.folder}/{path} can't be read: {error}") from error
        return windows


def read_as_recorded(storage: Storage, path: str, recorded: FileEntry, folder: str) -> bytes:
    """A file whose bytes must be those that a manifest or a release recorded.

    Raises:
        RunError: it is gone, or was changed since.
    """
    try:
        content = storage.read(path)
    except FileNotFoundError as error:
        raise RunError(f"{folder}/{path} is gone") from error
    if sha256_hex(content) != recorded.sha256:
        raise RunError(f"{folder}/{path} was changed: its bytes are not those that were recorded")
    return content


def rows_of(content: bytes, struct: type[Row], name: str) -> list[Row]:
    """The rows of a Parquet file as structs; columns that an earlier version lacked take their defaults.

    Raises:
        RunError: it is no Parquet file, or its rows are not of that form.
    """
    try:
        rows = pq.read_table(pa.BufferReader(content)).to_pylist()
        return msgspec.convert(rows, list[struct])  # type: ignore[valid-type]
    except (pa.ArrowInvalid, OSError, msgspec.ValidationError) as error:
        raise RunError(f"{name} can't be read: {str(error).splitlines()[0]}") from error

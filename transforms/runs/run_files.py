"""The documents of finished runs, read in parts, their files checked against the manifest's hashes."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems

from wellspring.schemas.document import PublishedDocument
from wellspring.schemas.encoding import sha256_hex, stream_sha256
from wellspring.schemas.manifest import FileEntry
from wellspring.schemas.measurements import Measurements
from wellspring.signals.stats.hashing import stable_hash
from wellspring.transforms.storage.file_names import written_name
from wellspring.transforms.storage.open_files import open_binary

ROWS_AT_ONCE = 512
_PART = re.compile(r"part-(\d+)-of-(\d+)\.parquet$")


class TamperedError(ValueError):
    """A file is not what the run's manifest says of it."""


class RunFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of documents: of a run, or (label `tail`) a tail pack."""

    run: str
    place: int
    """Of the run among the mix's runs."""
    path: str
    """Within the run."""
    label: str
    rows: int
    sha256: str


def run_path(run: str, path: str) -> str:
    """Where a file of a run lies."""
    return str(FileSystems.join(run, *path.split("/")))


def read_checked(run: str, path: str, entry: FileEntry) -> bytes:
    """A file's content.

    Raises:
        TamperedError: it is missing, or is not what its hash says.
    """
    try:
        with open_binary(written_name(run_path(run, path))) as stream:
            content = stream.read()
    except OSError as error:
        raise TamperedError(f"{run}: {path} can't be read: {error}") from error
    if sha256_hex(content) != entry.sha256:
        raise TamperedError(f"{run}: {path} is not the file that its manifest lists (its sha256 differs)")
    return content


def read_rows(file: RunFile) -> Iterator[list[PublishedDocument]]:
    """The documents of a run's file, some at a time; first the file is hashed from end to end.

    Raises:
        TamperedError: its hash, its rows or its columns are not what they should be.
    """
    where = run_path(file.run, file.path)
    try:
        with open_binary(written_name(where)) as stream:
            if stream_sha256(stream) != file.sha256:
                raise TamperedError(
                    f"{file.run}: {file.path} is not the file that its manifest lists (its sha256 differs)"
                )
            stream.seek(0)
            parquet = pq.ParquetFile(stream)
            if parquet.metadata.num_rows != file.rows:
                raise TamperedError(
                    f"{file.run}: {file.path} has {parquet.metadata.num_rows} rows, "
                    f"its manifest says {file.rows}"
                )
            for batch in parquet.iter_batches(batch_size=ROWS_AT_ONCE):
                yield msgspec.convert(batch.to_pylist(), list[PublishedDocument])
    except (OSError, pa.ArrowException, msgspec.ValidationError) as error:
        raise TamperedError(f"{file.run}: {file.path} can't be read: {error}") from error


class RunMeasurements:
    """The stored measurements of a run's documents.

    The main job shards documents and measurements by the same hash of the id, so that those of a document
    are found without a shuffle: in the shard that its id names.
    """

    def __init__(self, run: str, files: dict[str, FileEntry]) -> None:
        """Args:
        files: all of the run's, by path.
        """
        self._run = run
        self._shards: dict[int, tuple[str, FileEntry]] = {}
        self._count = 0
        for path, entry in files.items():
            part = _PART.search(path)
            if path.startswith("measurements/") and part:
                self._shards[int(part[1])] = path, entry
                self._count = int(part[2])
        self._kept: dict[tuple[str, ...] | None, tuple[int, pa.Table]] = {}

    def perplexities(self, ids: Sequence[str]) -> list[float | None]:
        """Perplexity of each document, in order; None where it has none."""
        found = self._rows(ids, ("id", "perplexity"))
        return [row["perplexity"] if (row := found.get(id)) else None for id in ids]

    def of(self, ids: Sequence[str]) -> dict[str, Measurements]:
        """All that was measured on some documents, by id.

        Raises:
            TamperedError: those of one of them are missing.
        """
        found = self._rows(ids, None)
        if missing := set(ids) - found.keys():
            raise TamperedError(f"{self._run}: measurements/ lacks document {min(missing)}")
        return {id: msgspec.convert(row, Measurements) for id, row in found.items()}

    def _rows(self, ids: Sequence[str], columns: tuple[str, ...] | None) -> dict[str, dict[str, Any]]:
        by_shard: dict[int, list[str]] = {}
        for id in ids:
            by_shard.setdefault(stable_hash(id, "shard") % max(1, self._count), []).append(id)
        found: dict[str, dict[str, Any]] = {}
        for shard, members in sorted(by_shard.items()):
            table = self._table(shard, columns)
            if table is not None:
                chosen = table.filter(pc.is_in(table.column("id"), pa.array(members, pa.string())))
                found |= {row["id"]: row for row in chosen.to_pylist()}
        return found

    def _table(self, shard: int, columns: tuple[str, ...] | None) -> pa.Table | None:
        """One shard, the last one of these columns kept: documents are read shard by shard too."""
        if columns in self._kept and self._kept[columns][0] == shard:
            return self._kept[columns][1]
        if shard not in self._shards:
            return None
        content = read_checked(self._run, *self._shards[shard])
        table = pq.read_table(pa.BufferReader(content), columns=list(columns) if columns else None)
        self._kept[columns] = shard, table
        return table

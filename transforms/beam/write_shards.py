"""The file sink: hash into shards, group, sort, publish. The same rows give the same files."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import apache_beam as beam
import msgspec
from apache_beam.pvalue import AsSingleton, PCollection

from wellspring.schemas.arrow import arrow_schema
from wellspring.schemas.manifest import FileRecord
from wellspring.signals.stats.hashing import stable_hash
from wellspring.transforms.storage.parquet_bytes import parquet_bytes
from wellspring.transforms.storage.publish import publish

DOCUMENTS_PER_SHARD = 25_000


def shard_count(documents: int) -> int:
    """Into how many files the rows of so many documents go, >= 1."""
    return max(1, -(-documents // DOCUMENTS_PER_SHARD))


class WriteShards(beam.PTransform[PCollection[tuple[str, Any]], PCollection[FileRecord]]):
    """(folder, row) pairs into `<run>/<folder>/part-<shard>-of-<shards>.parquet`.

    Beam's own sinks lose data on a failed rename or leave stale shards behind; this one names
    files by content alone, so that a retry writes the same bytes under the same name.

    Args:
        run: the run's folder.
        struct: type of the rows; its fields are the columns.
        key: what a row is sharded and sorted by; rows with equal keys must be equal.
        shards: side input, the number of shards.
    """

    def __init__(
        self, run: str, struct: type[msgspec.Struct], key: Callable[[Any], str], shards: AsSingleton
    ) -> None:
        super().__init__()
        self._run = run
        self._struct = struct
        self._key = key
        self._shards = shards

    def expand(self, rows: PCollection[tuple[str, Any]]) -> PCollection[FileRecord]:
        key = self._key

        def sharded(pair: tuple[str, Any], shards: int) -> tuple[tuple[str, int, int], Any]:
            folder, row = pair
            return (folder, stable_hash(key(row), "shard") % shards, shards), row

        return (
            rows
            | "Shard"
            >> beam.Map(sharded, self._shards).with_output_types(
                tuple[tuple[str, int, int], self._struct]  # type: ignore[name-defined]
            )
            | "GroupByShard" >> beam.GroupByKey()
            | "Publish" >> beam.ParDo(_Publish(self._run, self._struct, key))
        )


@beam.typehints.with_output_types(FileRecord)
class _Publish(beam.DoFn):
    def __init__(self, run: str, struct: type[msgspec.Struct], key: Callable[[Any], str]) -> None:
        self._run = run
        self._struct = struct
        self._key = key

    def process(self, element: tuple[tuple[str, int, int], Iterable[Any]]) -> Iterator[FileRecord]:
        (folder, shard, shards), rows = element
        ordered = sorted(rows, key=self._key)
        content = parquet_bytes(ordered, arrow_schema(self._struct))
        path = f"{folder}/part-{shard:05d}-of-{shards:05d}.parquet"
        yield publish(self._run, path, content, len(ordered))

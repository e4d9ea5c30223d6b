"""What lies in a finished run, listed on a worker: a large run's list of files must not be in the graph."""

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

import apache_beam as beam
import msgspec
from apache_beam.pvalue import PBegin, PCollection
from apache_beam.typehints.decorators import no_annotations

from wellspring.schemas.document import HeldDocument
from wellspring.schemas.manifest import FileRecord, Manifest
from wellspring.schemas.relabelled import RunShard, ShardFile
from wellspring.signals.stats.hashing import stable_hash
from wellspring.transforms.runs.finished_run import FinishedRun, RunError, rows_of
from wellspring.transforms.storage.publish import publish

_PART = re.compile(
    r"(documents/provenance=(?P<label>\w+)|measurements)/part-(?P<number>\d+)-of-(?P<of>\d+)\.parquet"
)
_ANY_PART = re.compile(r".*/part-\d+-of-(?P<of>\d+)\.parquet")

SHARDS, HELD = "shards", "held"
"""Keys of `MeetInShards`."""

T = TypeVar("T")


def number_of_shards(manifest: Manifest) -> int:
    """Into how many shards a run hashed its rows: its files' names say it."""
    found = (_ANY_PART.fullmatch(path) for path in manifest.files)
    return next((int(match["of"]) for match in found if match), 1)


def shard_of(id: str, shards: int) -> int:
    """The shard of a document and of its measurements, 0..shards-1."""
    return stable_hash(id, "shard") % shards


def run_shards(run: FinishedRun) -> list[RunShard]:
    """The shards that hold anything, by number.

    Raises:
        RunError: documents lie where no measurements do.
    """
    measurements: dict[int, ShardFile] = {}
    documents: dict[int, dict[str, ShardFile]] = {}
    for path, entry in sorted(run.manifest.files.items()):
        if match := _PART.fullmatch(path):
            file = ShardFile(path=path, rows=entry.rows, sha256=entry.sha256)
            if match["label"]:
                documents.setdefault(int(match["number"]), {})[match["label"]] = file
            else:
                measurements[int(match["number"])] = file
    if documents.keys() - measurements.keys():
        raise RunError(f"{run.folder}: its measurements/ and documents/ don't have the same parts")
    of = number_of_shards(run.manifest)
    return [
        RunShard(number=number, of=of, documents=documents.get(number, {}), measurements=file)
        for number, file in sorted(measurements.items())
    ]


def labelled_files(run: FinishedRun) -> list[tuple[str, str]]:
    """(path, provenance label) of every file with documents; the label is empty for held ones, which have it
    in a column.
    """
    found = []
    for path in sorted(run.manifest.files):
        if match := _PART.fullmatch(path):
            found += [(path, match["label"])] if match["label"] else []
        elif path.startswith("hold/") and path.endswith(".parquet"):
            found.append((path, ""))
    return found


class ListRun(beam.PTransform[PBegin, PCollection]):
    """What a function lists of a finished run, an element each, spread over the workers."""

    def __init__(self, folder: str, listed: Callable[[FinishedRun], list[T]], type_: type[T]) -> None:
        super().__init__()
        self._folder = folder
        self._listed = listed
        self._type = type_

    def expand(self, pbegin: PBegin) -> PCollection:
        listed = self._listed
        return (
            pbegin
            | "Run" >> beam.Create([self._folder], reshuffle=False)
            | "List" >> beam.FlatMap(lambda folder: listed(FinishedRun(folder))).with_output_types(self._type)
            | "Spread" >> beam.Reshuffle()
        )


class ReadRows(beam.PTransform[PBegin, PCollection]):
    """The rows of a finished run's Parquet files under a folder such as `audits/`."""

    def __init__(self, folder: str, under: str, struct: type[msgspec.Struct]) -> None:
        super().__init__()
        self._folder = folder
        self._under = under
        self._struct = struct

    def expand(self, pbegin: PBegin) -> PCollection:
        return (
            pbegin
            | "Files" >> ListRun(self._folder, _parquet_under(self._under), str)
            | "Rows" >> beam.FlatMap(_rows, self._folder, self._struct).with_output_types(self._struct)
        )


class MeetInShards(beam.PTransform[PBegin, PCollection]):
    """(shard number, {SHARDS: [the RunShard], HELD: the held documents that belong in it}): a shard's
    measurements are those of both.
    """

    def __init__(self, folder: str) -> None:
        super().__init__()
        self._folder = folder

    def expand(self, pbegin: PBegin) -> PCollection:
        shards = (
            pbegin
            | "ListShards" >> ListRun(self._folder, run_shards, RunShard)
            | "ShardNumber"
            >> beam.Map(lambda shard: (shard.number, shard)).with_output_types(tuple[int, RunShard])
        )
        held = (
            pbegin
            | "ReadHeld" >> ReadRows(self._folder, "hold/", HeldDocument)
            | "ShardOf"
            >> beam.Map(_to_shard, number_of_shards(FinishedRun(self._folder).manifest)).with_output_types(
                tuple[int, HeldDocument]
            )
        )
        return {SHARDS: shards, HELD: held} | "Meet" >> beam.CoGroupByKey()


def _to_shard(row: HeldDocument, shards: int) -> tuple[int, HeldDocument]:
    return shard_of(row.id, shards), row


class CopyFiles(beam.PTransform[PBegin, PCollection[FileRecord]]):
    """Files of a finished run that another run has too, under the same names: the bytes as they are."""

    def __init__(self, folder: str, to: str, folders: tuple[str, ...]) -> None:
        super().__init__()
        self._folder = folder
        self._to = to
        self._folders = folders

    def expand(self, pbegin: PBegin) -> PCollection[FileRecord]:
        return (
            pbegin
            | "Files" >> ListRun(self._folder, _parquet_under(*self._folders), str)
            | "Copy" >> beam.Map(_copy, self._folder, self._to).with_output_types(FileRecord)
        )


def _parquet_under(*folders: str) -> Callable[[FinishedRun], list[str]]:
    return lambda run: sorted(
        path for path in run.manifest.files if path.startswith(folders) and path.endswith(".parquet")
    )


@no_annotations
def _rows(path: str, folder: str, struct: type[msgspec.Struct]) -> Iterator[msgspec.Struct]:
    yield from rows_of(FinishedRun(folder).read(path), struct, f"{folder}/{path}")


def _copy(path: str, folder: str, to: str) -> FileRecord:
    run = FinishedRun(folder)
    return publish(to, path, run.read(path), run.manifest.files[path].rows)

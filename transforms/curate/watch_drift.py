"""The audit over time: batches summed by stratum and crawl window, and each stratum's CUSUM."""

from collections.abc import Iterable, Iterator

import apache_beam as beam
import msgspec
from apache_beam.pvalue import AsSingleton, PCollection

from wellspring.schemas.audit import Audit
from wellspring.schemas.manifest import FileRecord
from wellspring.schemas.profile import Gate
from wellspring.schemas.window_audit import WindowAudit
from wellspring.signals.batch.window_audits import Window, audit_windows, is_watched
from wellspring.signals.batch.window_sums import WindowSums, window_sums
from wellspring.signals.stats.hashing import stable_hash
from wellspring.transforms.storage.publish import publish

_encoder = msgspec.json.Encoder()

_WindowKey = tuple[str, str, str]
"""(stratum, window's start, window's end or "")."""


class MergeWindows(beam.CombineFn):
    """Audits of batches to the sums of their window: integers, the same in any order of merging."""

    def create_accumulator(self) -> WindowSums:
        return WindowSums()

    def add_input(self, accumulator: WindowSums, audit: Audit) -> WindowSums:
        return accumulator.merged(window_sums(audit))

    def merge_accumulators(self, accumulators: Iterable[WindowSums]) -> WindowSums:
        merged = WindowSums()
        for accumulator in accumulators:
            merged = merged.merged(accumulator)
        return merged

    def extract_output(self, accumulator: WindowSums) -> WindowSums:
        return accumulator


class WatchDrift(beam.PTransform[PCollection[Audit], PCollection[tuple[str, list[WindowAudit]]]]):
    """(stratum, its windows' audits in order) of the batches of dated windows; undated ones have no order."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    def expand(self, audits: PCollection[Audit]) -> PCollection[tuple[str, list[WindowAudit]]]:
        gate = self._gate
        strata = (
            audits
            | "Dated" >> beam.Filter(lambda audit: audit.window_start is not None)
            | "ByWindow"
            >> beam.Map(
                lambda audit: ((audit.stratum, audit.window_start, audit.window_end or ""), audit)
            ).with_output_types(tuple[_WindowKey, Audit])
            | "SumWindows" >> beam.CombinePerKey(MergeWindows())
            | "ByStratum" >> beam.MapTuple(lambda key, sums: (key[0], Window(key[1], key[2] or None, sums)))
            | "GroupWindows" >> beam.GroupByKey()
        )
        watched = (
            strata
            | "Watched" >> beam.Filter(lambda pair: is_watched(pair[0], list(pair[1]), gate))
            | "CountWatched" >> beam.combiners.Count.Globally()
        )
        return strata | "Cusum" >> beam.Map(_audited, gate, AsSingleton(watched))


def _audited(pair: tuple[str, Iterable[Window]], gate: Gate, strata: int) -> tuple[str, list[WindowAudit]]:
    return pair[0], audit_windows(pair[0], list(pair[1]), gate, strata)


class WriteDrift(beam.PTransform[PCollection[tuple[str, list[WindowAudit]]], PCollection[FileRecord]]):
    """JSON lines in `audits/_drift-<shard>-of-<shards>.json`, by stratum and window.

    JSON and not Parquet, and an underscore first: whoever reads `audits/` means the batches, and readers
    of Parquet folders pass over such names.
    """

    def __init__(self, run: str, shards: AsSingleton) -> None:
        super().__init__()
        self._run = run
        self._shards = shards

    def expand(self, strata: PCollection[tuple[str, list[WindowAudit]]]) -> PCollection[FileRecord]:
        return (
            strata
            | "Shard"
            >> beam.Map(
                lambda pair, shards: ((stable_hash(pair[0], "shard") % shards, shards), pair), self._shards
            )
            | "GroupByShard" >> beam.GroupByKey()
            | "Publish" >> beam.FlatMap(_publish, self._run).with_output_types(FileRecord)
        )


def _publish(
    element: tuple[tuple[int, int], Iterable[tuple[str, list[WindowAudit]]]], run: str
) -> Iterator[FileRecord]:
    (shard, shards), strata = element
    rows = [row for _, windows in sorted(strata, key=lambda pair: pair[0]) for row in windows]
    yield publish(
        run, f"audits/_drift-{shard:05d}-of-{shards:05d}.json", _encoder.encode_lines(rows), len(rows)
    )

"""The first passes of a mix: documents that two runs share, the corpus's words, and the plan's counts.

Every element is a file; what is found in it is merged. Texts never cross a shuffle, and only where several
runs are mixed do ids and hashes.
"""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.pvalue import AsSingleton, PCollection
from apache_beam.typehints.decorators import no_annotations

from wellspring.schemas.manifest import FileEntry
from wellspring.schemas.training_set import TAIL, KeptOut
from wellspring.signals.mix.corpus_words import CorpusWords
from wellspring.signals.mix.counts import Counted, MixCounts
from wellspring.signals.mix.rarity import JUNK_PERPLEXITY_QUANTILE
from wellspring.signals.mix.weights import countable
from wellspring.signals.stats.count_min import Keys
from wellspring.signals.stats.hashing import content_hash
from wellspring.signals.stats.log_histogram import LogHistogram
from wellspring.transforms.beam.merge import Merge
from wellspring.transforms.mix.mix_keep_out import KeepOut
from wellspring.transforms.mix.mix_source import (
    CORPUS,
    COUNTS,
    DUPLICATES,
    WORDS,
    CorpusFacts,
    MixFacts,
    MixSource,
    read_files,
)
from wellspring.transforms.runs.run_files import RunFile, TamperedError, read_checked, read_rows

_FAULT = "fault"


class CountMix(beam.PTransform[PCollection[RunFile], PCollection[str]]):
    """Files of the runs (and the pack's) to `duplicates`, `words` and `counts` in the scratch folder.

    Args:
        tail_tokens: of the rarest verified text so much is found; 0 for none.
        keep_out: finds what must not be drawn; None without an anchor set and a pack.
    """

    def __init__(self, facts: MixFacts, tail_tokens: int, keep_out: KeepOut | None) -> None:
        super().__init__()
        self._facts = facts
        self._tail_tokens = tail_tokens
        self._keep_out = keep_out

    def expand(self, files: PCollection[RunFile]) -> PCollection[str]:
        facts = self._facts
        several = facts.runs > 1
        duplicates = (
            self._duplicates(files) if several else files.pipeline | "NoDuplicates" >> beam.Create([([], [])])
        ) | "WriteDuplicates" >> beam.Map(_write_duplicates, facts)
        cap, tail_tokens = facts.cap, self._tail_tokens
        measurements = (
            files.pipeline
            | "Once" >> beam.Create([facts])
            | "MeasurementFiles" >> beam.FlatMap(_measurement_files)
            | "Spread" >> beam.Reshuffle()
        )
        ready = duplicates
        if facts.rarity:
            ready = self._words(files, measurements, duplicates)
        return (
            (
                files
                | "CountFiles"
                >> beam.ParDo(_CountFile(facts, tail_tokens, self._keep_out), AsSingleton(ready)),
                measurements | "CheckMeasurements" >> beam.Map(_check_measurements, cap, tail_tokens),
            )
            | "AllCounts" >> beam.Flatten()
            | "MergeCounts" >> beam.CombineGlobally(_MergeCounts(cap, tail_tokens))
            | "WriteCounts" >> beam.Map(_write_counts, facts, AsSingleton(duplicates))
        )

    def _duplicates(self, files: PCollection[RunFile]) -> PCollection[tuple[list[KeptOut], list[str]]]:
        """(documents whose text an earlier run has, faults): by hashes alone."""
        keyed = files | "HashTexts" >> beam.ParDo(_HashFile()).with_output_types(
            tuple[bytes, tuple[int, str, str]]
        )
        same_text = (
            keyed
            | "GroupByText" >> beam.GroupByKey()
            | "LaterOnes" >> beam.FlatMapTuple(_later_ones).with_output_types(KeptOut)
        )
        clashes = (
            keyed
            | "ById"
            >> beam.MapTuple(lambda digest, place: (place[2], (digest, place[1]))).with_output_types(
                tuple[str, tuple[bytes, str]]
            )
            | "GroupById" >> beam.GroupByKey()
            | "Clashes" >> beam.FlatMapTuple(_clashes).with_output_types(str)
            | "FirstClashes" >> beam.combiners.Top.Smallest(20)
        )
        return (
            same_text
            | "ListDuplicates" >> beam.combiners.ToList()
            | "WithClashes" >> beam.Map(lambda rows, faults: (rows, faults), AsSingleton(clashes))
        )

    def _words(
        self, files: PCollection[RunFile], measurements: PCollection[Any], duplicates: PCollection[Any]
    ) -> PCollection[Any]:
        facts = self._facts
        limits = (
            measurements
            | "Perplexities" >> beam.FlatMap(_perplexities)
            | "ByLanguage" >> beam.CombinePerKey(_MergeHistograms())
            | "Limits" >> beam.MapTuple(lambda language, h: (language, h.quantile(JUNK_PERPLEXITY_QUANTILE)))
            | "ListLimits" >> beam.combiners.ToList()
        )
        return (
            files
            | "FileWords" >> beam.ParDo(_FileWords(facts), AsSingleton(limits), AsSingleton(duplicates))
            | "CountWords" >> beam.CombineGlobally(Merge(CorpusWords))
            | "WriteWords" >> beam.Map(_write_words, facts, AsSingleton(limits))
        )


def _later_ones(_: bytes, places: Iterable[tuple[int, str, str]]) -> Iterator[KeptOut]:
    first, *later = sorted(places)
    for _place, run, id in later:
        yield KeptOut(run=run, id=id, reason="duplicate", detail=f"same text as {first[2]} of {first[1]}")


def _clashes(id: str, texts: Iterable[tuple[bytes, str]]) -> Iterator[str]:
    ordered = sorted(set(texts), key=lambda pair: (pair[1], pair[0]))
    if len({digest for digest, _run in ordered}) > 1:
        runs = " and ".join(dict.fromkeys(run for _, run in ordered))
        yield f"id {id!r} names different texts in {runs}: lineage could not tell them apart"


class _HashFile(beam.DoFn):
    @no_annotations
    def process(self, file: RunFile) -> Iterator[tuple[bytes, tuple[int, str, str]]]:
        with contextlib.suppress(TamperedError):  # the pass that counts says so
            for rows in read_rows(file) if file.label != TAIL else ():
                for row in rows:
                    yield content_hash(row.text), (file.place, file.run, row.id)


def _write_duplicates(found: tuple[list[KeptOut], list[str]], facts: MixFacts) -> tuple[int, list[str]]:
    rows, faults = found
    ordered = sorted(rows, key=lambda one: (one.run, one.id))
    _write(facts, DUPLICATES, msgspec.msgpack.encode(ordered))
    return len(ordered), sorted(faults)


def _measurement_files(facts: MixFacts) -> Iterator[tuple[str, str, str, int]]:
    for run, files in sorted(read_files(facts).measurements.items()):
        for path, entry in sorted(files.items()):
            yield run, path, entry.sha256, entry.rows


def _check_measurements(file: tuple[str, str, str, int], cap: int, tail_tokens: int) -> MixCounts:
    """Counts of nothing, with a fault where the file was changed: the draw will read it."""
    run, path, sha256, rows = file
    counts = MixCounts(cap, tail_tokens)
    try:
        read_checked(run, path, FileEntry(rows=rows, sha256=sha256))
    except TamperedError as error:
        counts.faults.append(str(error))
    return counts


def _perplexities(file: tuple[str, str, str, int]) -> list[tuple[str, LogHistogram]]:
    """(language, perplexities) of a file; nothing of a changed one: `_check_measurements` says so."""
    run, path, sha256, rows = file
    try:
        content = read_checked(run, path, FileEntry(rows=rows, sha256=sha256))
    except TamperedError:
        return []
    table = pq.read_table(pa.BufferReader(content), columns=["language", "perplexity"])
    by_language: dict[str, list[float]] = {}
    for row in table.to_pylist():
        if row["perplexity"] is not None:
            by_language.setdefault(row["language"] or "", []).append(row["perplexity"])
    found = []
    for language, values in sorted(by_language.items()):
        histogram = LogHistogram()
        histogram.add_all(np.array(values))
        found.append((language, histogram))
    return found


class _MergeHistograms(beam.CombineFn):
    def create_accumulator(self) -> LogHistogram:
        return LogHistogram()

    def add_input(self, accumulator: LogHistogram, histogram: LogHistogram) -> LogHistogram:
        accumulator.merge(histogram)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[LogHistogram]) -> LogHistogram:
        merged = LogHistogram()
        for accumulator in accumulators:
            merged.merge(accumulator)
        return merged

    def extract_output(self, accumulator: LogHistogram) -> LogHistogram:
        return accumulator


class _FileWords(beam.DoFn):
    """(id, words) of a file's documents that aren't junk, some at a time."""

    def __init__(self, facts: MixFacts) -> None:
        self._facts = facts
        self._source: MixSource | None = None

    @no_annotations
    def process(
        self, file: RunFile, limits: list[tuple[str, float]], duplicates: object
    ) -> Iterator[list[tuple[str, Keys]]]:
        if self._source is None:
            self._source = MixSource(self._facts, weigh=False)
        by_language = dict(limits)
        with contextlib.suppress(TamperedError):  # the pass that counts says so
            for rows in self._source.rows(file) if file.label != TAIL else ():
                perplexities = self._source.perplexities(file, rows)
                words = [
                    (row.id, countable(row, perplexity, by_language))
                    for row, perplexity in zip(rows, perplexities, strict=True)
                ]
                yield [(id, keys) for id, keys in words if keys is not None]


def _write_words(words: CorpusWords, facts: MixFacts, limits: list[tuple[str, float]]) -> int:
    _write(facts, WORDS, words.counted.to_bytes())
    corpus = CorpusFacts(median=words.median(), perplexity_limits=dict(sorted(limits)))
    _write(facts, CORPUS, msgspec.json.encode(corpus))
    return words.counted.documents


class _CountFile(beam.DoFn):
    def __init__(self, facts: MixFacts, tail_tokens: int, keep_out: KeepOut | None) -> None:
        self._facts = facts
        self._tail_tokens = tail_tokens
        self._keep_out = keep_out
        self._source: MixSource | None = None

    @no_annotations
    def process(self, file: RunFile, ready: object) -> Iterator[MixCounts]:
        if self._source is None:
            self._source = MixSource(self._facts)
            if self._keep_out is not None:
                self._keep_out.load()
        source = self._source
        counts = MixCounts(self._facts.cap, self._tail_tokens)
        try:
            for read in source.rows(file):
                rows = read
                if self._keep_out is not None:
                    found = self._keep_out.find(file, rows)
                    counts.kept_out += [one for one in found if one is not None]
                    rows = [row for row, one in zip(rows, found, strict=True) if one is None]
                if not rows:
                    continue
                weights = source.weigh(file, rows)
                counts.add(
                    [
                        Counted(row.id, file.label, n, u, w.weight, row.probability, w.rarity)
                        for row, n, u, w in zip(
                            rows, source.tokens(file, rows), source.uniforms(rows), weights, strict=True
                        )
                    ]
                )
                if source.counted is not None:
                    words = [w.keys for w in weights if w.keys is not None]
                    counts.add_words(file.label, words, source.counted)
        except ValueError as error:
            counts.faults.append(str(error))
        yield counts


class _MergeCounts(beam.CombineFn):
    def __init__(self, cap: int, tail_tokens: int) -> None:
        self._cap = cap
        self._tail_tokens = tail_tokens

    def create_accumulator(self) -> MixCounts:
        return MixCounts(self._cap, self._tail_tokens)

    def add_input(self, accumulator: MixCounts, counts: MixCounts) -> MixCounts:
        accumulator.merge(counts)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[MixCounts]) -> MixCounts:
        merged = self.create_accumulator()
        for accumulator in accumulators:
            merged.merge(accumulator)
        return merged

    def extract_output(self, accumulator: MixCounts) -> MixCounts:
        return accumulator


def _write_counts(counts: MixCounts, facts: MixFacts, duplicates: tuple[int, list[str]]) -> str:
    counts.faults = sorted({*counts.faults, *duplicates[1]})
    _write(facts, COUNTS, counts.to_bytes())
    return COUNTS


def _write(facts: MixFacts, name: str, content: bytes) -> None:
    """Two workers that write the same name write the same bytes."""
    path = FileSystems.join(facts.scratch, name)
    with FileSystems.create(path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        file.write(content)

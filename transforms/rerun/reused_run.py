"""A finished run whose input has grown: its files' documents, rejects and scores, in place of reading them.

What the main job would have read from those files is put together again from what the run stored. Files of
which it doesn't have everything are read again: damaged ones, and those with documents that no scorer could
take, since a reject keeps no text.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam
import msgspec
import xxhash
from apache_beam.pvalue import AsDict, AsIter, PBegin, PCollection, TaggedOutput
from apache_beam.typehints.decorators import no_annotations

from wellspring.schemas.batch import StoredScores, TrainingBatch
from wellspring.schemas.document import Document, HeldDocument, PublishedDocument
from wellspring.schemas.measurements import Measurements
from wellspring.schemas.reject import FILE, RECORD, Reject
from wellspring.schemas.relabelled import RunShard
from wellspring.signals.stats.hashing import content_hash, suffixed_id
from wellspring.transforms.curate.route import Tally
from wellspring.transforms.curate.unique_documents import DUPLICATE, SAME_TEXT
from wellspring.transforms.runs.finished_run import FinishedRun, RunError, rows_of
from wellspring.transforms.runs.run_shards import HELD, SHARDS, MeetInShards, ReadRows

_TEXT_LOST = frozenset({"no_tokens", "unscorable"})
_BEFORE, _NOW, _BATCH, _SCORES = "before", "now", "batch", "scores"

Place = tuple[str, int]
"""(file, offset) of a record."""


class ReusedRun(NamedTuple):
    documents: PCollection[Document]
    """As they were read: under their own ids, those that are duplicates left out."""
    rejects: PCollection[Reject]
    """Of the files that need not be read."""
    files: PCollection[tuple[str, bool]]
    """(path of a file of the run, whether it must be read again)."""
    scores: PCollection[tuple[bytes, StoredScores]]
    """By `text_digest`."""
    places: PCollection[tuple[Place, str]]
    """Where each document came from, and its id in that run."""
    duplicates: PCollection[tuple[str, bytes]]
    """(own id, content hash) of the documents that are duplicates."""


class ReuseRun(beam.PTransform[PBegin, ReusedRun]):
    """What the run in `folder` has of its files."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self._folder = folder

    @no_annotations
    def expand(self, pbegin: PBegin) -> ReusedRun:
        rejects = pbegin | "ReadRejects" >> ReadRows(self._folder, "rejects/", Reject)
        again = (
            rejects
            | "TextLost"
            >> beam.FlatMap(
                lambda r: [r.file_path] if r.kind == FILE or r.reason in _TEXT_LOST else []
            ).with_output_types(str)
            | "LostOnce" >> beam.Distinct()
        )
        stored = (
            pbegin
            | "Shards" >> MeetInShards(self._folder)
            | "ReadShard"
            >> beam.ParDo(_ReadShard(self._folder), AsIter(again))
            .with_output_types(
                Document,
                files=str,
                scores=tuple[bytes, StoredScores],
                places=tuple[Place, str],
                hashes=tuple[str, bytes],
            )
            .with_outputs("files", "scores", "places", "hashes", main="documents")
        )
        files = (
            {
                _BEFORE: (stored.files, rejects | "PathOfReject" >> beam.Map(lambda r: r.file_path))
                | "Paths" >> beam.Flatten()
                | "PathOnce" >> beam.Distinct()
                | "KeyPath" >> beam.Map(lambda path: (path, True)),
                _NOW: again | "KeyAgain" >> beam.Map(lambda path: (path, True)),
            }
            | "MeetByPath" >> beam.CoGroupByKey()
            | "ReadAgain"
            >> beam.MapTuple(lambda path, met: (path, bool(list(met[_NOW])))).with_output_types(
                tuple[str, bool]
            )
        )
        unread = rejects | "OfUnreadFiles" >> beam.Filter(
            lambda r, again: r.file_path not in set(again), AsIter(again)
        ).with_output_types(Reject)
        duplicates = (
            {
                _BEFORE: unread
                | "KeptInstead"
                >> beam.FlatMap(
                    lambda r: [(r.detail.removeprefix(SAME_TEXT), r.id)] if r.reason == DUPLICATE else []
                ),
                _NOW: stored.hashes,
            }
            | "MeetByKept" >> beam.CoGroupByKey()
            | "HashOfDuplicate"
            >> beam.FlatMapTuple(
                lambda _, met: [(id, digest) for digest in met[_NOW] for id in met[_BEFORE]]
            ).with_output_types(tuple[str, bytes])
        )
        return ReusedRun(stored.documents, unread, files, stored.scores, stored.places, duplicates)


class _ReadShard(beam.DoFn):
    def __init__(self, folder: str) -> None:
        self._folder = folder

    def setup(self) -> None:
        self._run = FinishedRun(self._folder)

    @no_annotations
    def process(
        self, element: tuple[int, dict[str, Iterable[Any]]], again: Iterable[str]
    ) -> Iterator[Document | TaggedOutput]:
        _, met = element
        (shard,) = met[SHARDS]
        read_again = set(again)
        renamed = self._run.manifest.renamed_ids > 0
        measured = {row.id: row for row in self._rows(shard.measurements.path, Measurements)}
        files = set()
        for row in self._documents(shard, met[HELD]):
            if row.offset is None:
                raise RunError(
                    f"{self._folder} was written by an earlier version, which kept no offsets: its files "
                    "must be read again, without --reuse"
                )
            files.add(row.file_path)
            yield TaggedOutput("places", ((row.file_path, row.offset), row.id))
            yield TaggedOutput("hashes", (row.id, content_hash(row.text)))
            surprisals = row.token_surprisals if isinstance(row, HeldDocument) else None
            scores = StoredScores(measurements=measured[row.id], token_surprisals=surprisals)
            yield TaggedOutput("scores", (text_digest(row.text), scores))
            if row.file_path not in read_again:
                yield document_as_read(row, renamed=renamed)
        for path in files:
            yield TaggedOutput("files", path)

    def _documents(self, shard: RunShard, held: Iterable[HeldDocument]) -> Iterator[PublishedDocument]:
        for file in shard.documents.values():
            yield from self._rows(file.path, PublishedDocument)
        yield from held

    def _rows(self, path: str, struct: type[Any]) -> list[Any]:
        return rows_of(self._run.read(path), struct, f"{self._folder}/{path}")


def text_digest(text: str) -> bytes:
    """16 bytes over a text as it is: what is stored under it was measured on these very letters."""
    return xxhash.xxh3_128_digest(text.encode("utf-8", "surrogatepass"))


def document_as_read(row: PublishedDocument, *, renamed: bool) -> Document:
    """The document of a published row.

    Args:
        renamed: whether the run gave suffixes to ids that several texts had; such a one is taken off.
    """
    columns = {name: getattr(row, name) for name in Document.__struct_fields__}
    suffix = suffixed_id("", content_hash(row.text))
    if renamed and row.id.endswith(suffix):
        columns["id"] = row.id.removesuffix(suffix)
    return Document(**columns)


def tallies_as_read(documents: PCollection[Document], rejects: PCollection[Reject]) -> PCollection[Tally]:
    """What reading would have counted: records by source."""
    return (
        (
            documents | "ReusedSource" >> beam.Map(lambda d: d.source),
            rejects
            | "RejectedRecords" >> beam.Filter(lambda r: r.kind == RECORD)
            | "RejectedSource" >> beam.Map(lambda r: r.source),
        )
        | "ReusedRecords" >> beam.Flatten()
        | "TallyReused" >> beam.Map(lambda source: (("read", source, ""), 1))
    )


class PointAtTheKept(beam.PTransform[PCollection[Reject], PCollection[Reject]]):
    """Duplicates of the run that is reused name the document that is kept now: a new file may have brought an
    earlier one, or its id may have got a suffix, or lost it.
    """

    def __init__(
        self,
        places: PCollection[tuple[Place, str]],
        kept: PCollection[Document],
        rejects: PCollection[Reject],
    ) -> None:
        super().__init__()
        self._places = places
        self._kept = kept
        self._rejects = rejects

    def expand(self, old: PCollection[Reject]) -> PCollection[Reject]:
        now = (
            self._kept | "KeptAt" >> beam.Map(lambda d: ((d.file_path, d.offset), d.id)),
            self._rejects
            | "DuplicateAt"
            >> beam.FlatMap(
                lambda r: (
                    [((r.file_path, r.offset), r.detail.removeprefix(SAME_TEXT))]
                    if r.reason == DUPLICATE
                    else []
                )
            ),
        ) | "Now" >> beam.Flatten()
        moved = (
            {_BEFORE: self._places, _NOW: now}
            | "MeetByPlace" >> beam.CoGroupByKey()
            | "Moved" >> beam.FlatMap(_moved).with_output_types(tuple[str, str])
        )
        return old | "Point" >> beam.Map(_pointed, AsDict(moved)).with_output_types(Reject)


def _moved(element: tuple[Place, dict[str, Iterable[str]]]) -> Iterator[tuple[str, str]]:
    _, met = element
    for before in met[_BEFORE]:
        for now in met[_NOW]:
            if before != now:
                yield before, now


def _pointed(reject: Reject, moved: dict[str, str]) -> Reject:
    kept = reject.detail.removeprefix(SAME_TEXT)
    if reject.reason != DUPLICATE or kept not in moved:
        return reject
    return msgspec.structs.replace(reject, detail=f"{SAME_TEXT}{moved[kept]}")


class WithStoredScores(beam.PTransform[PCollection[TrainingBatch], PCollection[TrainingBatch]]):
    """Batches in which every document whose text was scored before has those scores.

    Args:
        scorer: id of the scorer in use; what another one said is passed over.
    """

    def __init__(self, scores: PCollection[tuple[bytes, StoredScores]], scorer: str) -> None:
        super().__init__()
        self._scores = scores
        self._scorer = scorer

    def expand(self, batches: PCollection[TrainingBatch]) -> PCollection[TrainingBatch]:
        scorer = self._scorer
        wanted = batches | "Texts" >> beam.FlatMap(
            lambda b: [(text_digest(d.document.text), b.batch_id) for d in b.documents]
        ).with_output_types(tuple[bytes, str])
        usable = self._scores | "OfThisScorer" >> beam.Filter(
            lambda pair: pair[1].measurements.scorer == scorer
        )
        found = (
            {_BATCH: wanted, _SCORES: usable}
            | "MeetByText" >> beam.CoGroupByKey()
            | "ToBatch" >> beam.FlatMap(_to_batch).with_output_types(tuple[str, tuple[bytes, StoredScores]])
        )
        keyed = batches | "ByBatch" >> beam.Map(lambda b: (b.batch_id, b)).with_output_types(
            tuple[str, TrainingBatch]
        )
        return (
            {_BATCH: keyed, _SCORES: found}
            | "MeetInBatches" >> beam.CoGroupByKey()
            | "FillIn" >> beam.FlatMap(_filled_in).with_output_types(TrainingBatch)
        )


def _to_batch(
    element: tuple[bytes, dict[str, Iterable[Any]]],
) -> Iterator[tuple[str, tuple[bytes, StoredScores]]]:
    digest, met = element
    for scores in list(met[_SCORES])[:1]:  # the same text twice has the same scores
        for batch_id in met[_BATCH]:
            yield batch_id, (digest, scores)


def _filled_in(element: tuple[str, dict[str, Iterable[Any]]]) -> Iterator[TrainingBatch]:
    _, met = element
    found: dict[bytes, StoredScores] = dict(met[_SCORES])
    for batch in met[_BATCH]:
        documents = []
        for measured in batch.documents:
            scores = found.get(text_digest(measured.document.text))
            if scores is not None and scores.measurements.tokens == measured.measurements.tokens:
                bare = measured.measurements
                measured = msgspec.structs.replace(
                    measured,
                    measurements=msgspec.structs.replace(
                        scores.measurements, id=bare.id, language=bare.language
                    ),
                    token_surprisals=scores.token_surprisals,
                )
            documents.append(measured)
        yield msgspec.structs.replace(batch, documents=documents)

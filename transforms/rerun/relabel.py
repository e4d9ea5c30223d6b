"""A finished run under another profile: judged from what it stored, no scorer and hardly a text on the way.

    shards + held documents -> LabelShard -> labels by batch -> AuditAgain -> audits, tickets
                                    |                               |
                                    +---------> WriteShard <- ids of the held batches

A shard's texts are read where it is labelled and again where it is written. What is shuffled are labels
without texts, and the texts of batches that are held, before or now.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import apache_beam as beam
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.pvalue import AsIter, PBegin, PCollection, TaggedOutput
from apache_beam.typehints.decorators import no_annotations

from wellspring.schemas.arrow import arrow_schema
from wellspring.schemas.audit import HOLD_FOR_REVIEW, Audit, GateMode
from wellspring.schemas.document import Document, HeldDocument, PublishedDocument
from wellspring.schemas.encoding import json_bytes
from wellspring.schemas.label import Label
from wellspring.schemas.manifest import FileEntry, FileRecord
from wellspring.schemas.measurements import Measurements
from wellspring.schemas.profile import Profile
from wellspring.schemas.relabelled import (
    LabelledShard,
    RelabelledDocument,
    RelabelledPart,
    RunShard,
    ShardFile,
)
from wellspring.schemas.sources import SourceEntry
from wellspring.signals.batch.audit_again import Judged, audit_again, needs_counts
from wellspring.signals.batch.ticket import make_ticket
from wellspring.signals.lm.tokenization import Tokenizer, load_tokenizer
from wellspring.signals.provenance import label
from wellspring.signals.verdict.evidence import find_evidence
from wellspring.signals.verdict.histograms import Histograms, histograms_of
from wellspring.signals.verdict.judging import judge_of
from wellspring.signals.verdict.synthetic_share import share_counts
from wellspring.transforms.curate.route import BATCHES_FLAGGED, RELABELLED, WINDOW, Tally, origin_counts
from wellspring.transforms.rerun.compare_runs import held_in_one, is_held
from wellspring.transforms.runs.finished_run import read_as_recorded, rows_of
from wellspring.transforms.runs.run_shards import HELD, SHARDS, MeetInShards, ReadRows
from wellspring.transforms.storage.parquet_bytes import parquet_bytes, table_bytes
from wellspring.transforms.storage.publish import publish
from wellspring.transforms.storage.storage import Storage, open_storage

_AUDITS, _PARTS = "audits", "parts"
_TOKENIZED_AT_ONCE = 64
_JUDGED = ("verdict", "confidence", "probability", "reasons")
"""Columns of a document that a profile fills."""


class Judgement(NamedTuple):
    """What a run is judged by.

    `tokenizer` is the name of the scorer by whose tokenizer the run was tokenized, for the rare batch whose
    tokens must be counted again.
    """

    profile: Profile
    gate: GateMode
    sources: Sequence[SourceEntry]
    tokenizer: str


class RelabelOutputs(NamedTuple):
    files: PCollection[FileRecord]
    """Of `documents/` and `hold/`."""
    audits: PCollection[Audit]
    tallies: PCollection[Tally]
    histograms: PCollection[Histograms]


class Relabel(beam.PTransform[PBegin, RelabelOutputs]):
    """Judges the documents and batches of the finished run in `folder` and writes them into `to`.

    Args:
        before: the gate of that run: under two that only monitor, what would be held is compared.
    """

    def __init__(self, folder: str, to: str, judgement: Judgement, before: GateMode) -> None:
        super().__init__()
        self._folder = folder
        self._to = to
        self._judgement = judgement
        self._before = before

    @no_annotations
    def expand(self, pbegin: PBegin) -> RelabelOutputs:
        gate = self._judgement.profile.gate
        audits = pbegin | "ReadAudits" >> ReadRows(self._folder, "audits/", Audit)
        to_count = audits | "ToCount" >> beam.FlatMap(
            lambda audit, gate: [audit.batch_id] if needs_counts(audit, gate) else [], gate
        ).with_output_types(str)
        labelled = (
            pbegin
            | "MeetInShards" >> MeetInShards(self._folder)
            | "LabelShard"
            >> beam.ParDo(_LabelShard(self._folder, self._judgement), AsIter(to_count))
            .with_output_types(LabelledShard, parts=tuple[str, RelabelledPart], tallies=Tally, histograms=Any)
            .with_outputs("parts", "tallies", "histograms", main="shards")
        )
        audited = (
            {
                _AUDITS: audits
                | "AuditByBatch"
                >> beam.Map(lambda audit: (audit.batch_id, audit)).with_output_types(tuple[str, Audit]),
                _PARTS: labelled.parts,
            }
            | "MeetInBatches" >> beam.CoGroupByKey()
            | "AuditAgain"
            >> beam.ParDo(_AuditAgain(self._to, _of_batches(self._judgement), self._before))
            .with_output_types(Audit, files=FileRecord, tallies=Tally)
            .with_outputs("files", "tallies", main="audits")
        )
        held_ids = audited.audits | "HeldIds" >> beam.FlatMap(
            lambda audit: [audit.batch_id] if audit.held else []
        ).with_output_types(str)
        written = labelled.shards | "WriteShard" >> beam.ParDo(
            _WriteShard(self._folder, self._to), AsIter(held_ids)
        ).with_output_types(FileRecord, held=tuple[str, HeldDocument]).with_outputs("held", main="files")
        held_files = (
            written.held
            | "GroupHeld" >> beam.GroupByKey()
            | "WriteHeld" >> beam.Map(_write_held, self._to).with_output_types(FileRecord)
        )
        return RelabelOutputs(
            (written.files, audited.files, held_files) | "Files" >> beam.Flatten(),
            audited.audits,
            (audited.tallies, labelled.tallies) | "Tallies" >> beam.Flatten(),
            labelled.histograms,
        )


def _of_batches(judgement: Judgement) -> Judgement:
    """Without the classifier, which judges documents: its weights are most of what a step would carry."""
    return judgement._replace(profile=judgement.profile.model_copy(update={"classifier": None}))


class _LabelShard(beam.DoFn):
    def __init__(self, folder: str, judgement: Judgement) -> None:
        self._folder = folder
        self._judgement = judgement
        self._tokenizer: Tokenizer | None = None

    def setup(self) -> None:
        self._judge = judge_of(self._judgement.profile)
        self._storage = open_storage(self._folder)

    @no_annotations
    def process(
        self, element: tuple[int, dict[str, Iterable[Any]]], to_count: Iterable[str]
    ) -> Iterator[LabelledShard | TaggedOutput]:
        _, met = element
        (shard,) = met[SHARDS]
        held: list[HeldDocument] = sorted(met[HELD], key=lambda row: row.id)
        counted = set(to_count)
        content = _read(self._storage, shard.measurements, self._folder)
        measured = {
            row.id: row for row in rows_of(content, Measurements, f"{self._folder}/{shard.measurements.path}")
        }
        labels: list[Label] = []
        parts: dict[str, list[RelabelledDocument]] = {}
        texts: dict[str, list[str]] = {}
        pairs = []
        origins: Counter[tuple[str, str, str]] = Counter()
        for before, batch_id, document in self._documents(shard, held):
            measurements = measured[document.id]
            new = label(
                self._judge(document.text, measurements),
                find_evidence(document, self._judgement.sources),
            )
            labels.append(new)
            origins.update(origin_counts(document, self._judgement.sources))
            pairs.append((new.provenance, measurements))
            parts.setdefault(batch_id, []).append(
                RelabelledDocument(
                    source=document.source,
                    date=document.date,
                    before=before,
                    label=msgspec.structs.replace(new, reasons=[]),
                )
            )
            if batch_id in counted:
                texts.setdefault(batch_id, []).append(document.text)
        yield LabelledShard(shard=shard, held=held, labels=labels)
        for batch_id, documents in parts.items():
            ids, counts = self._count(texts[batch_id]) if batch_id in texts else (None, None)
            part = RelabelledPart(batch_id=batch_id, documents=documents, token_ids=ids, token_counts=counts)
            yield TaggedOutput("parts", (batch_id, part))
        for tally in origins.items():
            yield TaggedOutput("tallies", tally)
        yield TaggedOutput("histograms", histograms_of(pairs))

    def _documents(
        self, shard: RunShard, held: Sequence[HeldDocument]
    ) -> Iterator[tuple[str, str, Document]]:
        """(label before, batch id, document), in the order of `LabelledShard.labels`."""
        for before, file in shard.documents.items():
            table = _table(self._storage, file, self._folder)
            columns = {name: table.column(name).to_pylist() for name in (*_OF_DOCUMENT, "batch_id")}
            batch_ids = columns.pop("batch_id")
            for batch_id, *values in zip(batch_ids, *columns.values(), strict=True):
                yield before, batch_id, _document(dict(zip(columns, values, strict=True)))
        for row in held:
            yield row.provenance, row.batch_id, _document({name: getattr(row, name) for name in _OF_DOCUMENT})

    def _count(self, texts: Sequence[str]) -> tuple[bytes, bytes]:
        if self._tokenizer is None:
            self._tokenizer = load_tokenizer(self._judgement.tokenizer)
        ids = np.concatenate(
            [
                part
                for first in range(0, len(texts), _TOKENIZED_AT_ONCE)
                for part in self._tokenizer.encode_batch(texts[first : first + _TOKENIZED_AT_ONCE])
            ]
        )
        distinct, counts = np.unique(ids, return_counts=True)
        return distinct.astype("<i4").tobytes(), counts.astype("<i8").tobytes()


_OF_DOCUMENT = ("id", "text", "source", "metadata", "dump", "url", "date", "language", "file_path")
"""What evidence and verdict look at."""


def _document(columns: dict[str, Any]) -> Document:
    return Document(**columns, offset=0)


def _read(storage: Storage, file: ShardFile, folder: str) -> bytes:
    return read_as_recorded(storage, file.path, FileEntry(rows=file.rows, sha256=file.sha256), folder)


def _table(storage: Storage, file: ShardFile, folder: str) -> pa.Table:
    return pq.read_table(pa.BufferReader(_read(storage, file, folder)))


class _AuditAgain(beam.DoFn):
    def __init__(self, to: str, judgement: Judgement, before: GateMode) -> None:
        self._to = to
        self._judgement = judgement
        self._only_monitored = before == judgement.gate == "monitor"

    @no_annotations
    def process(self, element: tuple[str, dict[str, Iterable[Any]]]) -> Iterator[Audit | TaggedOutput]:
        _, met = element
        (before,) = met[_AUDITS]
        parts: list[RelabelledPart] = list(met[_PARTS])
        documents = [document for part in parts for document in part.documents]
        labels = [document.label for document in documents]
        if documents:
            audit = audit_again(
                before,
                [Judged(one.probability, one.verdict) for one in labels],
                profile=self._judgement.profile,
                gate=self._judgement.gate,
                counts=_summed(parts) if needs_counts(before, self._judgement.profile.gate) else None,
            )
        else:  # all of them were forgotten: what was measured then stays on record, and holds nothing
            audit = msgspec.structs.replace(before, held=False)
        yield audit
        if audit.held:
            ticket = json_bytes(make_ticket(audit, labels))
            path = f"hold/batch={audit.batch_id}/ticket.json"
            yield TaggedOutput("files", publish(self._to, path, ticket, 1))
        for key, count in _tallies(audit, documents).items():
            yield TaggedOutput("tallies", (key, count))
        was, now = (is_held(one, self._only_monitored) for one in (before, audit))
        for tally in held_in_one(audit.batch_id, was, now):
            yield TaggedOutput("tallies", tally)


def _summed(parts: Sequence[RelabelledPart]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    counts: Counter[int] = Counter()
    for part in parts:
        ids = np.frombuffer(part.token_ids or b"", dtype="<i4").tolist()
        counts.update(
            dict(zip(ids, np.frombuffer(part.token_counts or b"", dtype="<i8").tolist(), strict=True))
        )
    return np.array([counts[id] for id in sorted(counts)], dtype=np.int64)


def _tallies(audit: Audit, documents: Sequence[RelabelledDocument]) -> Counter[tuple[str, str, str]]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for one in documents:
        if audit.held:
            counts["held", one.source, ""] += 1
        else:
            counts["labelled", one.source, one.label.provenance] += 1
        for key, count in share_counts(one.source, one.date, one.label):
            counts[key] += count
        counts["conflicts", "", ""] += one.label.conflict
        counts[RELABELLED, one.before, one.label.provenance] += 1
    counts["batches", "", ""] += 1
    counts["batches_held", "", ""] += audit.held
    counts[BATCHES_FLAGGED, "", ""] += audit.gated and audit.action == HOLD_FOR_REVIEW
    counts[WINDOW, audit.window_start or "", ""] += 1
    return counts


class _WriteShard(beam.DoFn):
    def __init__(self, folder: str, to: str) -> None:
        self._folder = folder
        self._to = to

    def setup(self) -> None:
        self._storage = open_storage(self._folder)

    @no_annotations
    def process(self, element: LabelledShard, held_ids: Iterable[str]) -> Iterator[FileRecord | TaggedOutput]:
        shard, held = element.shard, set(held_ids)
        table = self._relabelled(element)
        ids, batches = table.column("id").to_pylist(), table.column("batch_id").to_pylist()
        by_label: dict[str, list[int]] = {}
        to_hold = []
        for row in sorted(range(len(ids)), key=ids.__getitem__):
            if batches[row] in held:
                to_hold.append(row)
            else:
                by_label.setdefault(element.labels[row].provenance, []).append(row)
        schema = arrow_schema(PublishedDocument)
        for provenance, rows in sorted(by_label.items()):
            content = table_bytes(table.take(rows).select(schema.names).cast(schema))
            path = f"documents/provenance={provenance}/part-{shard.number:05d}-of-{shard.of:05d}.parquet"
            yield publish(self._to, path, content, len(rows))
        to_hold_rows = table.take(pa.array(to_hold, type=pa.int64())).to_pylist()
        for document in msgspec.convert(to_hold_rows, list[HeldDocument]):
            yield TaggedOutput("held", (document.batch_id, document))

    def _relabelled(self, element: LabelledShard) -> pa.Table:
        """All rows of the shard as those of held documents, with their new labels."""
        schema = arrow_schema(HeldDocument)
        tables = [_table(self._storage, file, self._folder) for file in element.shard.documents.values()]
        held = pa.Table.from_pylist([msgspec.structs.asdict(row) for row in element.held], schema=schema)
        table = pa.concat_tables([*tables, held], promote_options="default")
        columns: dict[str, list[Any]] = {
            name: [getattr(one, name) for one in element.labels] for name in (*_JUDGED, "provenance")
        }
        for name, values in columns.items():
            field = schema.field(name)
            place = table.schema.get_field_index(name)
            table = table.set_column(place, field, pa.array(values, type=field.type))
        return table.select(schema.names).combine_chunks()


def _write_held(element: tuple[str, Iterable[HeldDocument]], run: str) -> FileRecord:
    batch_id, rows = element
    ordered = sorted(rows, key=lambda row: row.id)
    content = parquet_bytes(ordered, arrow_schema(HeldDocument))
    return publish(run, f"hold/batch={batch_id}/documents.parquet", content, len(ordered))

"""The shards of a training set: sorted, cut into batches, audited, published as documents and tokens."""

import gzip
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import apache_beam as beam
import msgspec
import numpy as np
from apache_beam.pvalue import AsDict, PCollection, TaggedOutput
from apache_beam.typehints.decorators import no_annotations
from numpy.typing import NDArray

from wellspring.schemas.arrow import arrow_schema
from wellspring.schemas.audit import Audit, GateMode
from wellspring.schemas.batch import MeasuredDocument, TrainingBatch
from wellspring.schemas.encoding import json_bytes
from wellspring.schemas.label import Label
from wellspring.schemas.manifest import FileRecord
from wellspring.schemas.profile import Profile
from wellspring.schemas.training_set import DrawnDocument, SetDocument
from wellspring.signals.batch.audit import audit_batch
from wellspring.signals.batch.batching import batch_id
from wellspring.signals.batch.tail_coverage import TailReference, load_tail_reference
from wellspring.signals.batch.ticket import make_ticket
from wellspring.signals.entropy import pack_ids
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.signals.mix.draw import copy_keys, cut_batches, expected_copies, inclusion, order
from wellspring.signals.mix.indexed_tokens import indexed_tokens
from wellspring.signals.mix.rarity import content_keys
from wellspring.signals.mix.tally import SetTally
from wellspring.signals.mix.weights import as_document
from wellspring.signals.stats.count_min import CountMin
from wellspring.signals.stats.weighted_sample import Item, Threshold, uniform
from wellspring.signals.text.text_measurements import measure_text
from wellspring.transforms.mix.draw_mix import most_copies, threshold_of
from wellspring.transforms.mix.mix_source import WORDS, MixFacts, read_scratch
from wellspring.transforms.storage.parquet_bytes import parquet_bytes
from wellspring.transforms.storage.publish import publish

MIXED = "mix"
"""The source of a set's own batches, in their stratum."""
_SAME_LANGUAGE = 0.9
"""A batch of which so much is in one language is audited by that language's limit."""


class SetSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a set is written and audited."""

    output: str
    format: str
    profile: Profile
    gate: GateMode
    scorer: str | None
    runs_tokenizer: str
    """That of the runs, by which their batches were audited; the set's own may be another."""
    batch_documents: int


class SetOutputs(NamedTuple):
    files: PCollection[FileRecord]
    tallies: PCollection[SetTally]
    audits: PCollection[Audit]


class WriteSet(beam.PTransform[PCollection[tuple[tuple[int, int], DrawnDocument]], SetOutputs]):
    """A shard is written by one worker: `documents/`, `tokens/`, and `hold/` where the gate enforces."""

    def __init__(
        self,
        facts: MixFacts,
        settings: SetSettings,
        thresholds: PCollection[tuple[str, tuple[float, str]]],
    ) -> None:
        super().__init__()
        self._facts = facts
        self._settings = settings
        self._thresholds = thresholds

    @no_annotations
    def expand(self, drawn: PCollection[tuple[tuple[int, int], DrawnDocument]]) -> SetOutputs:
        outputs = (
            drawn
            | "GroupByShard" >> beam.GroupByKey()
            | "WriteShards"
            >> beam.ParDo(_WriteShard(self._facts, self._settings), AsDict(self._thresholds))
            .with_output_types(FileRecord, tallies=Any, audits=Audit)
            .with_outputs("tallies", "audits", main="files")
        )
        return SetOutputs(outputs.files, outputs.tallies, outputs.audits)


class _WriteShard(beam.DoFn):
    def __init__(self, facts: MixFacts, settings: SetSettings) -> None:
        self._facts = facts
        self._settings = settings
        self._ready = False

    def _load(self) -> None:
        if self._ready:
            return
        self._tokenizer = load_tokenizer(self._facts.tokenizer)
        self._audit_tokenizer = load_tokenizer(self._settings.runs_tokenizer)
        self._tail: TailReference | None = load_tail_reference(self._settings.runs_tokenizer)
        self._counted: CountMin | None = None
        if self._facts.rarity:
            self._counted = CountMin.from_bytes(read_scratch(self._facts, WORDS))
        self._ready = True

    @no_annotations
    def process(
        self,
        element: tuple[tuple[int, int], Iterable[DrawnDocument]],
        thresholds: dict[str, tuple[float, str]],
    ) -> Iterator[FileRecord | TaggedOutput]:
        self._load()
        (shard, shards), group = element
        seed, output = self._facts.seed, self._settings.output
        drawn = [
            d
            for d in group
            if threshold_of(d.stratum, thresholds).draws(Item(d.key, d.document.id, d.tokens))
        ]
        drawn.sort(key=lambda d: (order(seed, d.document.id, d.copy), d.document.id, d.copy))
        ids = self._tokenizer.encode_batch([d.document.text for d in drawn])
        same = self._facts.tokenizer == self._settings.runs_tokenizer
        audited = ids if same else self._audit_tokenizer.encode_batch([d.document.text for d in drawn])

        tally = SetTally()
        rows: list[SetDocument] = []
        kept: list[NDArray[np.int32]] = []
        for stretch in cut_batches(len(drawn), self._settings.batch_documents):
            members = [drawn[i] for i in stretch]
            stratum = {"source": MIXED, "language": _language(members)}
            name = batch_id(None, stratum, [f"{d.document.id}\0{d.copy}" for d in members])
            of_batch = [self._row(d, threshold_of(d.stratum, thresholds), name) for d in members]
            audit = self._audit(name, stratum, members, [audited[i] for i in stretch])
            yield TaggedOutput("audits", audit)
            tally.batches += 1
            tally.batches_held += audit.held
            tally.add_rows(of_batch, held=audit.held)
            if audit.held:
                yield from self._hold(of_batch, audit)
                continue
            rows += of_batch
            kept += [ids[i] for i in stretch]
        if self._counted is not None:
            words = [content_keys(row.text) for row in rows if row.copy == 0 and row.rarity is not None]
            tally.add_words(words, self._counted)
        yield TaggedOutput("tallies", tally)
        if rows:
            part = f"part-{shard:05d}-of-{shards:05d}"
            if self._settings.format == "jsonl":
                yield publish(output, f"documents/{part}.jsonl.gz", json_lines(rows), len(rows))
            else:
                content = parquet_bytes(list(rows), arrow_schema(SetDocument))
                yield publish(output, f"documents/{part}.parquet", content, len(rows))
            tokens, index = indexed_tokens(kept, self._tokenizer.vocab_size, self._tokenizer.bos_id)
            yield publish(output, f"tokens/{part}.bin", tokens, len(rows))
            yield publish(output, f"tokens/{part}.idx", index, len(rows))

    def _row(self, drawn: DrawnDocument, threshold: Threshold, batch: str) -> SetDocument:
        document = drawn.document
        cap = most_copies(drawn.stratum, self._facts.cap)
        keys = copy_keys(uniform(self._facts.seed, document.id), drawn.weight, cap)
        columns = msgspec.structs.asdict(document) | {"batch_id": batch, "token_count": drawn.tokens}
        return SetDocument(
            **columns,
            provenance=drawn.provenance,
            run=drawn.run,
            stratum=drawn.stratum,
            copy=drawn.copy,
            copies=sum(threshold.draws(Item(key, document.id)) for key in keys),
            weight=drawn.weight,
            rarity=drawn.rarity,
            key=drawn.key,
            inclusion_probability=inclusion(drawn.weight, threshold.key),
            expected_copies=expected_copies(drawn.weight, threshold.key, cap),
        )

    def _audit(
        self, name: str, stratum: dict[str, str], members: list[DrawnDocument], ids: list[NDArray[np.int32]]
    ) -> Audit:
        documents = []
        for drawn, of_document in zip(members, ids, strict=True):
            row = drawn.document
            measurements = drawn.measurements or measure_text(
                row.id, row.text, language=row.language, tokens=len(of_document)
            )
            documents.append(
                MeasuredDocument(
                    document=as_document(row), token_ids=pack_ids(of_document), measurements=measurements
                )
            )
        labels = [
            Label(
                provenance=d.provenance,
                verdict=d.document.verdict,
                confidence=d.document.confidence,
                probability=d.document.probability,
                reasons=d.document.reasons,
            )
            for d in members
        ]
        s = self._settings
        batch = TrainingBatch(
            batch_id=name,
            window_start=None,
            window_end=None,
            stratum=stratum,
            gated=2 * len(members) >= s.batch_documents,
            documents=documents,
        )
        return audit_batch(
            batch,
            labels,
            profile=s.profile,
            gate=s.gate,
            vocab_size=self._audit_tokenizer.vocab_size,
            scorer=s.scorer,
            tail=self._tail,
        )

    def _hold(self, rows: list[SetDocument], audit: Audit) -> Iterator[FileRecord]:
        folder = f"hold/batch={audit.batch_id}"
        ordered = sorted(rows, key=lambda row: (row.id, row.copy))
        content = parquet_bytes(list(ordered), arrow_schema(SetDocument))
        yield publish(self._settings.output, f"{folder}/documents.parquet", content, len(rows))
        labels = [
            Label(
                provenance=row.provenance,
                verdict=row.verdict,
                confidence=row.confidence,
                probability=row.probability,
                reasons=row.reasons,
            )
            for row in ordered
        ]
        ticket = json_bytes(make_ticket(audit, labels))
        yield publish(self._settings.output, f"{folder}/ticket.json", ticket, 1)


def _language(members: list[DrawnDocument]) -> str:
    """The language of nine tenths of a batch, "" where it has none: then it isn't gated."""
    language, count = Counter(d.document.language or "" for d in members).most_common(1)[0]
    return language if count >= _SAME_LANGUAGE * len(members) else ""


def json_lines(rows: Sequence[SetDocument]) -> bytes:
    """gzip without name or time: the same rows, the same bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=buffer, mode="wb", mtime=0) as file:
        for row in rows:
            file.write(msgspec.json.encode(row) + b"\n")
    return buffer.getvalue()

"""The hold queue: one folder a held batch, with its documents and its ticket."""

from collections.abc import Iterator

import apache_beam as beam
from apache_beam.pvalue import PCollection
from apache_beam.typehints.decorators import no_annotations

from wellspring.schemas.arrow import arrow_schema
from wellspring.schemas.batch import AuditedBatch
from wellspring.schemas.document import HeldDocument
from wellspring.schemas.encoding import json_bytes
from wellspring.schemas.manifest import FileRecord
from wellspring.signals.batch.ticket import make_ticket
from wellspring.signals.lm.tokenization import Tokenizer, load_tokenizer
from wellspring.transforms.curate.route import held
from wellspring.transforms.storage.parquet_bytes import parquet_bytes
from wellspring.transforms.storage.publish import publish


class WriteHeld(beam.PTransform[PCollection[AuditedBatch], PCollection[FileRecord]]):
    """`hold/batch=<id>/documents.parquet` and `ticket.json` for each held batch.

    The folder's name is the batch id, which is our own hash: nothing of the web becomes a path.

    Args:
        tokenizer: the scorer by whose tokenizer the batches were tokenized. Where its tokens end in the
            text is found again here, for held documents alone.
    """

    def __init__(self, run: str, tokenizer: str) -> None:
        super().__init__()
        self._write = _Write(run, tokenizer)

    def expand(self, batches: PCollection[AuditedBatch]) -> PCollection[FileRecord]:
        return batches | "WriteTickets" >> beam.ParDo(self._write).with_output_types(FileRecord)


class _Write(beam.DoFn):
    def __init__(self, run: str, tokenizer: str) -> None:
        self._run = run
        self._name = tokenizer
        self._tokenizer: Tokenizer | None = None

    @no_annotations
    def process(self, audited: AuditedBatch) -> Iterator[FileRecord]:
        if self._tokenizer is None:
            self._tokenizer = load_tokenizer(self._name)
        batch = audited.batch
        folder = f"hold/batch={batch.batch_id}"
        pairs = zip(batch.documents, audited.labels, strict=True)
        rows = sorted(
            (held(measured, label, batch.batch_id, self._tokenizer) for measured, label in pairs),
            key=lambda row: row.id,
        )
        content = parquet_bytes(list(rows), arrow_schema(HeldDocument))
        yield publish(self._run, f"{folder}/documents.parquet", content, len(rows))
        ticket = json_bytes(make_ticket(audited.audit, audited.labels))
        yield publish(self._run, f"{folder}/ticket.json", ticket, 1)

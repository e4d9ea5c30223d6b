"""The hold queue: one folder a held batch, with its documents and its ticket."""

from collections.abc import Iterator

import apache_beam as beam
import msgspec
from apache_beam.pvalue import PCollection

from schemas.arrow import arrow_schema
from schemas.document import HeldDocument
from schemas.judgement import AuditedBatch
from schemas.manifest import FileRecord
from signals.ticket import make_ticket
from transforms.publish import parquet_bytes, publish
from transforms.route import held


class WriteHeld(beam.PTransform[PCollection[AuditedBatch], PCollection[FileRecord]]):
    """`hold/batch=<id>/documents.parquet` and `ticket.json` for each held batch.

    The folder's name is the batch id, which is our own hash: nothing of the web becomes a path.
    """

    def __init__(self, run: str) -> None:
        super().__init__()
        self._run = run

    def expand(self, batches: PCollection[AuditedBatch]) -> PCollection[FileRecord]:
        return batches | "WriteTickets" >> beam.FlatMap(_write, self._run).with_output_types(FileRecord)


def _write(audited: AuditedBatch, run: str) -> Iterator[FileRecord]:
    batch = audited.batch
    folder = f"hold/batch={batch.batch_id}"
    pairs = zip(batch.documents, audited.labels, strict=True)
    rows = sorted((held(m, label, batch.batch_id) for m, label in pairs), key=lambda row: row.id)
    content = parquet_bytes(list(rows), arrow_schema(HeldDocument))
    yield publish(run, f"{folder}/documents.parquet", content, len(rows))
    ticket = msgspec.json.format(msgspec.json.encode(make_ticket(audited.audit, audited.labels)), indent=2)
    yield publish(run, f"{folder}/ticket.json", ticket, 1)

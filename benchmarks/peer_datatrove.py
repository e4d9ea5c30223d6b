"""Read, tokenize, measure, audit and write, against the same work by datatrove: at least as fast.

Both use the identical tokenizer, word function, language detection and audit, on the same WET
files, in one process each. Ours is a Beam pipeline of the project's own transforms. Beside them
runs the whole main job, which also finds duplicates, sorts into deterministic batches, labels,
counts and checks.
"""

import statistics
import tempfile
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow.parquet as pq
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pvalue import AsSingleton

from benchmarks.corpus import MB
from benchmarks.slopes import take_turns
from wellspring.pipelines.command.beam_options import LOCAL_RUNNER
from wellspring.schemas.batch import MeasuredDocument
from wellspring.schemas.document import Document, PublishedDocument
from wellspring.schemas.label import Label
from wellspring.schemas.measurements import Measurements
from wellspring.signals.entropy import batch_entropy_audit
from wellspring.signals.lm.measuring import with_language
from wellspring.signals.lm.model_folder import REFERENCE_EN
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.signals.text.language import detect_language
from wellspring.signals.text.text_measurements import measure_text
from wellspring.transforms.beam.write_shards import WriteShards
from wellspring.transforms.curate.measure import Measure
from wellspring.transforms.curate.read_documents import ReadDocuments
from wellspring.transforms.curate.route import published

GOAL = 1.0
_CHUNK = 64
_BATCH = 256
_NO_LABEL = Label(provenance="", verdict="", confidence="", probability=None, reasons=[])
_JOBS = {
    "ours": "benchmarks.peer_datatrove:with_our_transforms",
    "datatrove": "benchmarks.peer_datatrove:with_datatrove",
    "main job": "benchmarks.curate_run:curate_without_scoring",
}


def with_datatrove(files: list[str], output: str) -> dict[str, int]:
    """datatrove's WARC reader, a filter that measures and audits, its Parquet writer."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.filters.base_filter import BaseFilter
    from datatrove.pipeline.readers import WarcReader
    from datatrove.pipeline.writers import ParquetWriter

    tokenizer = load_tokenizer(REFERENCE_EN)
    audits: list[dict[str, Any]] = []

    class MeasureAndAudit(BaseFilter):  # type: ignore[misc]
        """Keeps every document and gives it its measurements."""

        name = "Measure and audit"

        def filter(self, doc: Any) -> bool:
            return self.filter_batch([doc])[0]

        def filter_batch(self, batch: list[Any]) -> list[bool]:
            token_ids = []
            for first in range(0, len(batch), _CHUNK):
                token_ids += tokenizer.encode_batch([d.text for d in batch[first : first + _CHUNK]])
            for document, ids in zip(batch, token_ids, strict=True):
                language = detect_language(document.text)
                found = measure_text(document.id, document.text, language=language, tokens=len(ids))
                document.metadata.update(
                    language=language,
                    tokens=len(ids),
                    words=found.words,
                    sentences=found.sentences,
                    burstiness=found.burstiness,
                    type_token_ratio=found.type_token_ratio,
                    mattr=found.mattr,
                )
            audits.append(batch_entropy_audit(token_ids, tokenizer.vocab_size))
            return [True] * len(batch)

    LocalPipelineExecutor(
        pipeline=[
            WarcReader(str(Path(files[0]).parent)),
            MeasureAndAudit(batch_size=_BATCH),
            ParquetWriter(output, compression="zstd", expand_metadata=True),
        ],
        logging_dir=f"{output}-logs",
        tasks=1,
        workers=1,
    ).run()
    return _counts(output)


def with_our_transforms(files: list[str], output: str) -> dict[str, int]:
    """The same steps from the project's transforms."""
    vocab_size = load_tokenizer(REFERENCE_EN).vocab_size
    with beam.Pipeline(options=PipelineOptions([f"--runner={LOCAL_RUNNER}"])) as pipeline:
        read = pipeline | ReadDocuments(files)
        documents = read.documents | "Language" >> beam.Map(with_language).with_output_types(Document)
        # datatrove writes one file too; counting first would keep every text for a second step.
        shards = AsSingleton(pipeline | "OneFile" >> beam.Create([1]))
        measured = (documents | Measure(REFERENCE_EN)).documents
        _ = (
            measured
            | "Ids" >> beam.Map(lambda m: m.token_ids)
            | beam.BatchElements(min_batch_size=_BATCH, max_batch_size=_BATCH)
            | "Audit" >> beam.Map(_audit, vocab_size)
        )
        _ = (
            measured
            | "Row" >> beam.Map(_row)
            | "WriteDocuments" >> WriteShards(output, PublishedDocument, lambda row: row.id, shards)
        )
        _ = (
            measured
            | "ItsMeasurements" >> beam.Map(lambda m: ("measurements", m.measurements))
            | "WriteMeasurements" >> WriteShards(output, Measurements, lambda row: row.id, shards)
        )
    return _counts(f"{output}/measurements")


def _audit(batch: list[bytes], vocab_size: int) -> dict[str, Any]:
    return batch_entropy_audit(batch, vocab_size)


def _row(measured: MeasuredDocument) -> tuple[str, PublishedDocument]:
    return "documents", published(measured, _NO_LABEL, "")


def _counts(folder: str) -> dict[str, int]:
    table = pq.read_table(folder, columns=["id", "tokens", "words"])
    return {
        "documents": table.num_rows,
        "tokens": sum(table["tokens"].to_pylist()),
        "words": sum(table["words"].to_pylist()),
    }


def run(runs: int = 5, text_bytes: int = 15 * MB) -> dict[str, Any]:
    """Compares CPU time for more WET text, start-up left out; many short turns, for a shared machine."""
    with tempfile.TemporaryDirectory(prefix="wellspring-bench-") as folder:
        slopes = take_turns(_JOBS, Path(folder), text_bytes, runs)
    ratios = slopes.ratios("datatrove", "ours")
    ratio = statistics.median(ratios)
    main_job = statistics.median(slopes.ratios("datatrove", "main job"))
    same = slopes.value("ours") == slopes.value("datatrove")
    return {
        "what": "read + tokenize + measure + audit + write, against datatrove",
        "goal": "at least as fast (1.00 times)",
        "measured": f"{ratio:.2f} times as fast (the whole main job {main_job:.2f} times)"
        + ("" if same else ", BUT NOT THE SAME DOCUMENTS"),
        "met": ratio >= GOAL and same,
        "ratio": ratio,
        "ratios": ratios,
        "ratio_of_main_job": main_job,
        "same_documents": same,
        "documents": {job: slopes.value(job)["documents"] for job in _JOBS},
        **slopes.facts(_JOBS),
    }

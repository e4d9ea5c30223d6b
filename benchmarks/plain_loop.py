"""The main job without scoring as a plain loop over the same functions, in one process' memory."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from wellspring.pipelines.curate_settings import settle
from wellspring.pipelines.flags.curate import parser
from wellspring.schemas.arrow import arrow_schema
from wellspring.schemas.audit import Audit
from wellspring.schemas.batch import AuditedBatch, LabelledBatch, MeasuredDocument, TrainingBatch
from wellspring.schemas.document import Document, PublishedDocument
from wellspring.schemas.measurements import Measurements
from wellspring.schemas.profile import Gate
from wellspring.schemas.reject import Reject, reject_document
from wellspring.schemas.window_audit import WindowAudit
from wellspring.signals.batch.audit import audit_batch
from wellspring.signals.batch.batching import batch_id, bucket_count, bucket_of, compose_batches
from wellspring.signals.batch.tail_coverage import load_tail_reference
from wellspring.signals.batch.window_audits import Window, audit_windows, is_watched
from wellspring.signals.batch.window_sums import WindowSums, window_sums
from wellspring.signals.lm.measuring import measure_documents, with_language
from wellspring.signals.lm.model_folder import REFERENCE_EN
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.signals.provenance import label
from wellspring.signals.stats.hashing import content_hash, stable_hash
from wellspring.signals.verdict.evidence import find_evidence
from wellspring.signals.verdict.histograms import histograms_of, merge_histograms
from wellspring.signals.verdict.judging import judge_of
from wellspring.signals.verdict.strata import stratum_of
from wellspring.transforms.beam.write_shards import shard_count
from wellspring.transforms.curate.route import published
from wellspring.transforms.curate.score import without_scores
from wellspring.transforms.formats.read_file import read_file
from wellspring.transforms.storage.parquet_bytes import parquet_bytes

_CHUNK = 64
_CHUNK_CHARACTERS = 1_000_000
_BATCH_DOCUMENTS = 256
_BATCH_BY = ("source", "language")


def curate_in_a_loop(files: list[str], output: str) -> dict[str, Any]:
    """Reads, deduplicates, measures, batches, labels, audits and writes what `curate` writes.

    Returns:
        documents: how many were published. files: SHA-256 of each file's bytes by its path.
    """
    settings = settle(*_arguments(files, output))
    documents: dict[bytes, Document] = {}
    rejects: list[Reject] = []
    for path in files:
        with Path(path).open("rb") as stream:
            for outcome in read_file(stream, path):
                if isinstance(outcome, Reject):
                    rejects.append(outcome)
                    continue
                document = with_language(outcome)
                first = documents.setdefault(content_hash(document.text), document)
                if first is not document:
                    rejects.append(reject_document(document, "duplicate", f"same text as {first.id}"))
    tokenizer = load_tokenizer(REFERENCE_EN)
    strata: dict[tuple[str, tuple[tuple[str, str], ...]], list[MeasuredDocument]] = defaultdict(list)
    for chunk in _chunks(documents.values()):
        for result in measure_documents(chunk, tokenizer):
            if isinstance(result, Reject):
                rejects.append(result)
            else:
                day = (result.document.date or "")[:10]
                stratum = tuple(stratum_of(result.document, _BATCH_BY).items())
                strata[day, stratum].append(result)

    rows: dict[str, list[Any]] = defaultdict(list)
    judge = judge_of(settings.profile)
    tail = load_tail_reference(REFERENCE_EN)
    parts = []
    tallies: Counter[tuple[str, str, str]] = Counter()
    for batch in _batches(strata):
        scored = without_scores(batch)
        labels = [
            label(judge(d.document.text, d.measurements), find_evidence(d.document, settings.sources))
            for d in scored.batch.documents
        ]
        labelled = LabelledBatch(batch=scored.batch, labels=labels)
        audit = audit_batch(
            labelled.batch,
            labels,
            profile=settings.profile,
            gate=settings.gate,
            vocab_size=settings.vocab_size,
            scorer=None,
            tail=tail,
        )
        audited = AuditedBatch(batch=labelled.batch, labels=labels, audit=audit)
        for measured, its_label in zip(audited.batch.documents, labels, strict=True):
            row = published(measured, its_label, batch.batch_id)
            rows[f"documents/provenance={its_label.provenance}"].append(row)
            rows["measurements"].append(measured.measurements)
            tallies["labelled", measured.document.source, its_label.provenance] += 1
        rows["audits"].append(audit)
        pairs = [(x.provenance, m.measurements) for x, m in zip(labels, audited.batch.documents, strict=True)]
        parts.append(histograms_of(pairs))
    merge_histograms(parts)
    rows["rejects"].extend(rejects)
    shards = shard_count(len(documents) + sum(r.reason == "duplicate" for r in rejects))
    written = dict(_write(rows, shards, Path(output)))
    written |= _write_drift(rows["audits"], settings.profile.gate, shards, Path(output))
    return {"documents": sum(tallies.values()), "files": written}


def _arguments(files: list[str], output: str) -> tuple[Any, Any]:
    from wellspring.pipelines.command.beam_options import parse_arguments

    inputs = [f"--input={path}" for path in files]
    return parse_arguments(parser(), [*inputs, f"--output={output}", "--scoring=none", "--profile=seed"])


def _chunks(documents: Any) -> Iterator[list[Document]]:
    chunk: list[Document] = []
    characters = 0
    for document in documents:
        chunk.append(document)
        characters += len(document.text)
        if len(chunk) >= _CHUNK or characters >= _CHUNK_CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def _batches(
    strata: dict[tuple[str, tuple[tuple[str, str], ...]], list[MeasuredDocument]],
) -> Iterator[TrainingBatch]:
    from datetime import date, timedelta

    for (day, stratum), documents in strata.items():
        count = bucket_count(len(documents), _BATCH_DOCUMENTS)
        buckets: dict[int, list[MeasuredDocument]] = defaultdict(list)
        for measured in documents:
            buckets[bucket_of(measured.document.id, count)].append(measured)
        for bucket in buckets.values():
            for composition in compose_batches(bucket, _BATCH_DOCUMENTS, only_bucket=count == 1):
                ids = [d.document.id for d in composition.documents]
                yield TrainingBatch(
                    batch_id=batch_id(day or None, dict(stratum), ids),
                    window_start=day or None,
                    window_end=(date.fromisoformat(day) + timedelta(days=1)).isoformat() if day else None,
                    stratum=dict(stratum),
                    gated=composition.gated,
                    documents=composition.documents,
                )


def _write_drift(audits: list[Audit], gate: Gate, shards: int, output: Path) -> dict[str, str]:
    strata: dict[str, dict[tuple[str, str | None], WindowSums]] = defaultdict(dict)
    for audit in audits:
        if audit.window_start is not None:
            windows = strata[audit.stratum]
            key = (audit.window_start, audit.window_end)
            windows[key] = windows.get(key, WindowSums()).merged(window_sums(audit))
    series = {s: [Window(*key, sums) for key, sums in of.items()] for s, of in strata.items()}
    watched = sum(is_watched(stratum, windows, gate) for stratum, windows in series.items())
    by_shard: dict[int, list[WindowAudit]] = defaultdict(list)
    for stratum in sorted(series):
        shard = stable_hash(stratum, "shard") % shards
        by_shard[shard] += audit_windows(stratum, series[stratum], gate, watched)
    written = {}
    for shard, rows in by_shard.items():
        content = msgspec.json.Encoder().encode_lines(rows)
        path = f"audits/_drift-{shard:05d}-of-{shards:05d}.json"
        (output / path).write_bytes(content)
        written[path] = hashlib.sha256(content).hexdigest()
    return written


def _write(rows: dict[str, list[Any]], shards: int, output: Path) -> Iterator[tuple[str, str]]:
    kinds: dict[str, tuple[type[msgspec.Struct], Any]] = {
        "measurements": (Measurements, lambda row: row.id),
        "audits": (Audit, lambda row: row.batch_id),
        "rejects": (Reject, lambda row: (row.file_path, row.offset, row.reason, row.id)),
    }
    for folder, of_folder in rows.items():
        struct, key = kinds.get(folder, (PublishedDocument, lambda row: row.id))
        by_shard: dict[int, list[Any]] = defaultdict(list)
        for row in of_folder:
            by_shard[stable_hash(str(key(row)), "shard") % shards].append(row)
        for shard, of_shard in by_shard.items():
            content = parquet_bytes(sorted(of_shard, key=key), arrow_schema(struct))
            path = f"{folder}/part-{shard:05d}-of-{shards:05d}.parquet"
            (output / path).parent.mkdir(parents=True, exist_ok=True)
            (output / path).write_bytes(content)
            yield path, hashlib.sha256(content).hexdigest()

"""Finished run folders of any size, written straight from generated text: no scorer and no graph."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.mix_scale import write_texts
from wellspring.schemas import CODE_VERSION
from wellspring.schemas.arrow import arrow_schema
from wellspring.schemas.document import PublishedDocument
from wellspring.schemas.label import (
    ABSTAIN,
    HUMAN_UNVERIFIED,
    HUMAN_VERIFIED,
    LOW,
    PROVENANCE_LABELS,
    SYNTHETIC_KNOWN,
    SYNTHETIC_SUSPECTED,
)
from wellspring.schemas.manifest import FileEntry, Manifest, SourceCounts
from wellspring.schemas.measurements import Measurements
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.signals.stats.hashing import stable_hash
from wellspring.transforms.beam.write_shards import shard_count
from wellspring.transforms.storage.parquet_bytes import parquet_bytes

_LABELS = (HUMAN_VERIFIED, HUMAN_UNVERIFIED, HUMAN_UNVERIFIED, SYNTHETIC_KNOWN, SYNTHETIC_SUSPECTED)
"""By turns."""
_SOURCE = "made"


def write_run(folder: Path, documents: int, texts: Sequence[str] | None = None) -> Path:
    """A run of that many documents of 40 words (or of `texts`), sharded as the main job shards."""
    folder.mkdir(parents=True)
    if texts is None:
        write_texts(folder / "texts.txt", documents)
    tokenizer = load_tokenizer("reference-en")
    shards = shard_count(documents)
    members: list[list[int]] = [[] for _ in range(shards)]
    for number in range(documents):
        members[stable_hash(f"d{number}", "shard") % shards].append(number)
    lines: Sequence[str] | _Lines = texts if texts is not None else _Lines(folder / "texts.txt")
    files: dict[str, FileEntry] = {}
    counts: dict[str, int] = dict.fromkeys(PROVENANCE_LABELS, 0)
    tokens = 0
    for shard, numbers in enumerate(members):
        ordered = sorted(numbers, key=lambda n: f"d{n}")
        bodies = [lines[n] for n in ordered]
        sizes = [len(ids) for ids in tokenizer.encode_batch(bodies)]
        tokens += sum(sizes)
        part = f"part-{shard:05d}-of-{shards:05d}.parquet"
        rows: dict[str, list[PublishedDocument]] = {}
        for n, body, size in zip(ordered, bodies, sizes, strict=True):
            rows.setdefault(_LABELS[n % len(_LABELS)], []).append(_document(n, body, size))
        for label, of_label in sorted(rows.items()):
            counts[label] += len(of_label)
            path = f"documents/provenance={label}/{part}"
            files[path] = _write(
                folder, path, parquet_bytes(of_label, arrow_schema(PublishedDocument)), len(of_label)
            )
        measured = [_measured(n, size) for n, size in zip(ordered, sizes, strict=True)]
        path = f"measurements/{part}"
        files[path] = _write(folder, path, parquet_bytes(measured, arrow_schema(Measurements)), len(measured))
    (folder / "manifest.json").write_bytes(msgspec.json.encode(_manifest(documents, counts, tokens, files)))
    return folder


class _Lines:
    """The lines of a file by number, each of them read when it is asked for."""

    def __init__(self, path: Path) -> None:
        self._content = np.memmap(path, dtype=np.uint8, mode="r")
        ends = np.flatnonzero(self._content == ord("\n"))
        self._starts = np.concatenate([[0], ends + 1])

    def __getitem__(self, number: int) -> str:
        start, end = self._starts[number], self._starts[number + 1] - 1
        return bytes(self._content[start:end]).decode()

    def __iter__(self) -> Iterator[str]:
        return (self[i] for i in range(len(self._starts) - 1))


def _write(folder: Path, path: str, content: bytes, rows: int) -> FileEntry:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(content)
    return FileEntry(rows=rows, sha256=hashlib.sha256(content).hexdigest())


def _document(number: int, body: str, tokens: int) -> PublishedDocument:
    return PublishedDocument(
        id=f"d{number}",
        text=body,
        source=_SOURCE,
        added=None,
        created=None,
        metadata="{}",
        dump=None,
        url=None,
        date=None,
        language="en",
        file_path="made.jsonl",
        token_count=tokens,
        verdict=ABSTAIN,
        confidence=LOW,
        probability=None,
        reasons=[],
        batch_id="0" * 32,
    )


def _measured(number: int, tokens: int) -> Measurements:
    return Measurements(
        id=f"d{number}",
        language="en",
        bytes=4 * tokens,
        tokens=tokens,
        words=40,
        sentences=1,
        burstiness=None,
        type_token_ratio=0.9,
        mattr=None,
        undefined=["burstiness: one sentence"],
    )


def _manifest(documents: int, counts: dict[str, int], tokens: int, files: dict[str, FileEntry]) -> Manifest:
    from wellspring.pipelines.curate_settings import load_profile

    return Manifest(
        records_read=documents,
        labelled=counts,
        held=0,
        rejected={},
        files_read=1,
        files_damaged={},
        batches=0,
        batches_held=0,
        tokens=tokens,
        tokens_scored=0,
        scorer=None,
        scored_on={},
        profile="seed",
        gate="monitor",
        code_version=CODE_VERSION,
        started="2026-11-24T00:00:00+00:00",
        finished="2026-11-24T00:00:00+00:00",
        files=files,
        by_source={_SOURCE: SourceCounts(read=documents, labelled=documents)},
        histograms={},
        conflicts=0,
        renamed_ids=0,
        profile_sha256=load_profile("seed")[1],
        batch_documents=256,
        batch_by=["source", "language"],
        window_days=1,
        parameters={"profile": "seed", "scorer": "reference-en"},
    )

"""A finished run with held batches, true to the contract and made in no time: no model, no Beam graph."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import xxhash

from wellspring.schemas import CODE_VERSION
from wellspring.schemas.arrow import arrow_schema
from wellspring.schemas.audit import HOLD_FOR_REVIEW, PROCEED, SIGNALS, Audit
from wellspring.schemas.document import HeldDocument, PublishedDocument
from wellspring.schemas.label import (
    ABSTAIN,
    HIGH,
    HUMAN_UNVERIFIED,
    LIKELY_HUMAN,
    LOW,
    MEDIUM,
    SYNTHETIC,
    SYNTHETIC_SUSPECTED,
    Label,
)
from wellspring.schemas.manifest import FileEntry, Manifest, SourceCounts
from wellspring.schemas.measurements import Measurements
from wellspring.signals.batch.ticket import make_ticket
from wellspring.signals.entropy import pack_ids
from wellspring.signals.lm.surprisal_levels import surprisal_levels
from wellspring.signals.stats.hashing import stable_hash
from wellspring.transforms.storage.parquet_bytes import parquet_bytes

LIMIT = 6.534
LANGUAGE = "en"
_FIRST_DAY = date(2026, 1, 5)
_A_WINDOW = 4  # batches of one stratum
_WORDS = (
    "the of and to in a is that for it as was with be by on not he his but at are this have from or had an "
    "they which one you were her all she there would their we him been has when who will more no if out so "
    "river stone winter letter garden engine harvest window copper bridge morning island thunder candle "
    "orchard meadow harbour lantern signal measure barley furnace timber saddle cellar"
).split()


class _Made(NamedTuple):
    batch_id: str
    documents: list[HeldDocument]
    labels: list[Label]


def held_run(
    folder: Path,
    *,
    batches: int = 3,
    documents: int = 4,
    passed: int = 2,
    words: int = 60,
    sources: Sequence[str] = ("web-archive",),
    texts: Sequence[str] = (),
    url: str | None = "https://example.org/page",
    metadata: str = "{}",
    scored: bool = True,
    finished: str = "2026-11-20T08:00:00+00:00",
) -> Path:
    """A run under `enforce` of `passed` batches and then `batches` held ones, in the order of their windows.

    Everything follows from the arguments by hashes. Batches take turns at the sources; a window has four
    of each source. The held ones lie beyond their limit by 0.05 to 0.45 bits.

    Args:
        folder: made here, or empty.
        documents: of each batch.
        words: of each document.
        texts: of the first documents of the first held batch, in place of made ones.
        url, metadata: of every document.
        scored: whether held documents carry their tokens' surprisals.
        finished: when the run ended: from then on its batches wait.
    """
    files: dict[str, FileEntry] = {}

    def write(path: str, content: bytes, rows: int) -> None:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        files[path] = FileEntry(rows=rows, sha256=hashlib.sha256(content).hexdigest())

    def write_rows(path: str, rows: Sequence[msgspec.Struct], struct: type[msgspec.Struct]) -> None:
        write(path, parquet_bytes(list(rows), arrow_schema(struct)), len(rows))

    audits: list[Audit] = []
    measurements: list[Measurements] = []
    published: dict[str, list[PublishedDocument]] = {}
    by_source: Counter[tuple[str, str]] = Counter()
    for index in range(passed + batches):
        held = index >= passed
        source = sources[index % len(sources)]
        given = texts if index == passed else ()
        made = _batch(folder.name, index, source, documents, words, given, url, metadata, scored, held)
        audit = _audit(made, index, source, len(sources), held)
        audits.append(audit)
        measurements += [_measurements(document) for document in made.documents]
        by_source[source, "held" if held else "labelled"] += documents
        if not held:
            for document in made.documents:
                row = PublishedDocument(
                    **{f: getattr(document, f) for f in PublishedDocument.__struct_fields__}
                )
                published.setdefault(document.provenance, []).append(row)
            continue
        place = f"hold/batch={made.batch_id}"
        ticket = msgspec.json.encode(make_ticket(audit, made.labels))
        write_rows(f"{place}/documents.parquet", made.documents, HeldDocument)
        write(f"{place}/ticket.json", msgspec.json.format(ticket, indent=2), 1)
    for label, rows in published.items():
        write_rows(f"documents/provenance={label}/part-00000-of-00001.parquet", rows, PublishedDocument)
    write_rows("measurements/part-00000-of-00001.parquet", measurements, Measurements)
    write_rows("audits/part-00000-of-00001.parquet", audits, Audit)

    counts = {s: (by_source[s, "labelled"], by_source[s, "held"]) for s in sorted({s for s, _ in by_source})}
    manifest = Manifest(
        records_read=len(measurements),
        labelled={label: len(rows) for label, rows in sorted(published.items())},
        held=batches * documents,
        rejected={},
        files_read=1,
        files_damaged={},
        batches=len(audits),
        batches_held=batches,
        tokens=sum(m.tokens for m in measurements),
        tokens_scored=sum(m.tokens for m in measurements) if scored else 0,
        scorer=None,
        scored_on={},
        profile="test",
        gate="enforce",
        code_version=CODE_VERSION,
        started=finished,
        finished=finished,
        files=dict(sorted(files.items())),
        by_source={
            s: SourceCounts(read=sum(n), labelled=n[0], held=n[1], rejected=0) for s, n in counts.items()
        },
        histograms={},
        conflicts=0,
        renamed_ids=0,
        profile_sha256="0" * 64,
        batch_documents=documents,
        batch_by=["source", "language"],
        window_days=7,
        parameters={},
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    return folder


def _batch(
    run: str,
    index: int,
    source: str,
    documents: int,
    words: int,
    given: Sequence[str],
    url: str | None,
    metadata: str,
    scored: bool,
    held: bool,
) -> _Made:
    batch_id = xxhash.xxh3_128_hexdigest(f"{run} {index}".encode())
    rows, labels = [], []
    for number in range(documents):
        name = f"{batch_id[:8]}-{number:04d}"
        text = given[number] if number < len(given) else _prose(name, words)
        ends = _token_ends(text)
        label = _label(name, held)
        levels = surprisal_levels(_surprisals(name, len(ends), held), len(ends))
        rows.append(
            HeldDocument(
                id=name,
                text=text,
                source=source,
                added=None,
                created=None,
                metadata=metadata,
                dump=None,
                url=url,
                date=_window(index, 1)[0],
                language=LANGUAGE,
                file_path="crawl/made.jsonl",
                token_count=len(ends),
                verdict=label.verdict,
                confidence=label.confidence,
                probability=label.probability,
                reasons=label.reasons,
                batch_id=batch_id,
                provenance=label.provenance,
                token_ends=pack_ids(ends) if scored else None,
                token_surprisals=levels if scored else None,
            )
        )
        labels.append(label)
    return _Made(batch_id, rows, labels)


def _unit(*key: object) -> float:
    """A number in [0, 1) that the key decides."""
    return stable_hash(" ".join(map(str, key)), "held run") / 2**64


def _prose(name: str, words: int) -> str:
    chosen = [_WORDS[int(len(_WORDS) * _unit(name, word) ** 2)] for word in range(words)]
    sentences = [" ".join(chosen[at : at + 12]).capitalize() + "." for at in range(0, len(chosen), 12)]
    return " ".join(sentences)


def _token_ends(text: str) -> list[int]:
    """A token a word with the space before it; the last one reaches the end of the text."""
    ends = [at for at, character in enumerate(text) if character == " " and at]
    return [*ends, len(text)] if text else []


def _surprisals(name: str, tokens: int, held: bool) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    mean = 2.2 if held else 3.6
    draws = [-mean * np.log(1 - _unit(name, "surprisal", token)) for token in range(1, tokens)]
    return np.asarray(draws, dtype=np.float32)


def _label(name: str, held: bool) -> Label:
    if _unit(name, "abstains") < 0.1:
        reason = "shorter than 30 words: can't be judged"
        return Label(
            provenance=HUMAN_UNVERIFIED, verdict=ABSTAIN, confidence=LOW, probability=None, reasons=[reason]
        )
    probability = round(_unit(name, "probability") ** (0.5 if held else 3), 4)
    if probability < 0.6:
        reasons = ["the wording is that of people's texts"]
        return Label(
            provenance=HUMAN_UNVERIFIED,
            verdict=LIKELY_HUMAN,
            confidence=MEDIUM,
            probability=probability,
            reasons=reasons,
        )
    reasons = ["the wording is that of machine texts", "each token is more expected than in people's texts"]
    return Label(
        provenance=SYNTHETIC_SUSPECTED,
        verdict=SYNTHETIC,
        confidence=HIGH if probability > 0.85 else MEDIUM,
        probability=probability,
        reasons=reasons,
    )


def _window(index: int, sources: int) -> tuple[str, str]:
    start = _FIRST_DAY + timedelta(days=7 * (index // (_A_WINDOW * sources)))
    return start.isoformat(), (start + timedelta(days=7)).isoformat()


def _audit(made: _Made, index: int, source: str, sources: int, held: bool) -> Audit:
    share = _unit(made.batch_id, "value")
    value = LIMIT + 0.05 + 0.4 * share if held else LIMIT - 0.1 - 0.4 * share
    centres = dict.fromkeys(SIGNALS, 1.0) | {
        "entropy_bits": 8.6,
        "corrected_entropy_bits": 9.2,
        "surprisal_spread": 2.7,
        "curvature": -0.9,
        "log_rank": 2.6,
        "mean_log_odds": 0.8 if held else -1.4,
        "tail_coverage": 0.82 if held else 0.95,
        "missing_mass": 0.24,
        "distinct_2": 0.9,
        "compression_ratio": 0.53,
    }
    columns: dict[str, float] = {}
    for signal, centre in centres.items():
        middle = centre * (0.97 + 0.06 * _unit(made.batch_id, signal))
        columns |= {signal: middle, f"{signal}_low": middle - 0.1, f"{signal}_high": middle + 0.1}
    columns |= {
        "cross_entropy_bits": value,
        "cross_entropy_bits_low": value - 0.12,
        "cross_entropy_bits_high": value + 0.12,
        "entropy_bits": round(columns["entropy_bits"], 3),
    }
    start, end = _window(index, sources)
    return Audit(
        batch_id=made.batch_id,
        window_start=start,
        window_end=end,
        stratum=msgspec.json.encode({"source": source, "language": LANGUAGE}).decode(),
        source=source,
        language=LANGUAGE,
        documents=len(made.documents),
        tokens=sum(document.token_count for document in made.documents),
        type_token_ratio=0.44,
        below_floor=False,
        synthetic_risk="LOW",
        action=HOLD_FOR_REVIEW if held else PROCEED,
        gated=True,
        held=held,
        signal="cross_entropy_bits",
        value=value,
        limit=LIMIT,
        direction="above",
        interval_low=value - 0.12,
        interval_high=value + 0.12,
        margin=LIMIT - value,
        basis=f"language {LANGUAGE}",
        suspected_share=sum(label.verdict == SYNTHETIC for label in made.labels) / len(made.labels),
        profile="test",
        scorer=None,
        **columns,
    )


def _measurements(document: HeldDocument) -> Measurements:
    words = document.text.split()
    return Measurements(
        id=document.id,
        language=LANGUAGE,
        bytes=len(document.text.encode(errors="surrogatepass")),
        tokens=document.token_count,
        words=len(words),
        sentences=max(1, document.text.count(".")),
        burstiness=None,
        type_token_ratio=len(set(words)) / len(words) if words else None,
        mattr=None,
        undefined=["burstiness: not measured in this made run"],
    )

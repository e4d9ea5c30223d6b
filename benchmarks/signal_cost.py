"""What the text signals add to reading, extracting, tokenizing and writing: at most 8%.

Measured stage by stage in one process, by turns on a few documents each, so that whatever else the
machine does falls on all stages alike. MATTR is not in the sum: it is printed on a line of its own.
"""

import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from benchmarks.child import run_in_child
from benchmarks.corpus import MB, SHARED_DATA, Corpus, write_html_warc, write_wet
from wellspring.schemas.arrow import arrow_schema
from wellspring.schemas.document import Document, PublishedDocument
from wellspring.signals.entropy import batch_entropy_audit
from wellspring.signals.lm.model_folder import REFERENCE_EN
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.signals.text.burstiness import burstiness
from wellspring.signals.text.language import detect_language
from wellspring.signals.text.sentences import split_sentences
from wellspring.signals.text.vocabulary import mattr, type_token_ratio
from wellspring.signals.text.words import words_and_sentences
from wellspring.transforms.formats.read_file import read_file
from wellspring.transforms.storage.parquet_bytes import parquet_bytes

GOAL = 0.08
BASE = ("read_and_extract", "tokenize", "write")
SIGNALS = ("language", "words_and_sentences", "burstiness", "type_token_ratio", "entropy")
BESIDE = ("sentences_alone", "mattr")
_CHUNK = 64
_BATCH = 256

T = TypeVar("T")


class Stages:
    """Seconds of processor time by the name of a stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def time(self, stage: str, work: Callable[..., T], *arguments: Any) -> T:
        start = time.process_time()
        result = work(*arguments)
        self.seconds[stage] += time.process_time() - start
        return result


def measure(files: list[str], output: str) -> dict[str, float]:
    """Runs all stages over archive files: seconds by stage, and `bytes` of text."""
    tokenizer = load_tokenizer(REFERENCE_EN)
    stages = Stages()
    documents = _documents(files)
    batch: list[np.ndarray[Any, np.dtype[np.int32]]] = []
    rows: list[PublishedDocument] = []
    size = 0
    while chunk := stages.time("read_and_extract", _take, documents):
        texts = [d.text for d in chunk]
        size += sum(len(text.encode()) for text in texts)
        ids = stages.time("tokenize", tokenizer.encode_batch, texts)
        for document, its_ids in zip(chunk, ids, strict=True):
            text = document.text
            language = stages.time("language", detect_language, text)
            split = stages.time("words_and_sentences", words_and_sentences, text)
            stages.time("burstiness", burstiness, split.sentence_lengths)
            stages.time("type_token_ratio", type_token_ratio, split.words)
            stages.time("mattr", mattr, split.words)
            stages.time("sentences_alone", split_sentences, text)
            rows.append(_row(document, language, len(its_ids)))
        batch.extend(ids)
        if len(batch) >= _BATCH:
            stages.time("entropy", batch_entropy_audit, batch, tokenizer.vocab_size)
            batch = []
        if len(rows) >= 10 * _BATCH:
            stages.time("write", _write, rows, output)
            rows = []
    if batch:
        stages.time("entropy", batch_entropy_audit, batch, tokenizer.vocab_size)
    if rows:
        stages.time("write", _write, rows, output)
    return {**stages.seconds, "bytes": float(size)}


def _documents(files: list[str]) -> Iterator[Document]:
    for path in files:
        with Path(path).open("rb") as stream:
            yield from (x for x in read_file(stream, path) if isinstance(x, Document))


def _take(documents: Iterator[Document]) -> list[Document]:
    return list(islice(documents, _CHUNK))


def _row(document: Document, language: str | None, tokens: int) -> PublishedDocument:
    return PublishedDocument(
        id=document.id,
        text=document.text,
        source=document.source,
        added=document.added,
        created=document.created,
        metadata=document.metadata,
        dump=document.dump,
        url=document.url,
        date=document.date,
        language=language,
        file_path=document.file_path,
        token_count=tokens,
        verdict="",
        confidence="",
        probability=None,
        reasons=[],
        batch_id="",
    )


def _write(rows: list[PublishedDocument], output: str) -> None:
    Path(output).write_bytes(parquet_bytes(list(rows), arrow_schema(PublishedDocument)))


def run(runs: int = 5, text_bytes: int = 8 * MB) -> dict[str, Any]:
    """Measures made HTML pages (they decide), made WET files, and real pages where there are some."""
    with tempfile.TemporaryDirectory(prefix="wellspring-bench-") as folder:
        corpora: dict[str, Corpus] = {
            "html": write_html_warc(Path(folder) / "html", text_bytes),
            "wet": write_wet(Path(folder) / "wet", text_bytes),
        }
        inputs = {name: [str(path) for path in corpus.files] for name, corpus in corpora.items()}
        if real := _real_pages():
            inputs["real_html"] = real
        costs: dict[str, list[dict[str, float]]] = {name: [] for name in inputs}
        for _ in range(runs):
            for name, files in inputs.items():
                output = str(Path(folder) / "rows.parquet")
                costs[name].append(run_in_child("benchmarks.signal_cost:measure", files, output).value)
    ratio = {name: _ratio(of_input, SIGNALS) for name, of_input in costs.items()}
    return {
        "what": "language, sentences, burstiness, type-token ratio and entropy beside read + extract + "
        "tokenize + write",
        "goal": f"at most {GOAL:.0%} on HTML",
        "measured": f"{ratio['html']:.1%} (WET {ratio['wet']:.1%}"
        + (f", real pages {ratio['real_html']:.1%})" if "real_html" in ratio else ")"),
        "met": ratio["html"] <= GOAL,
        "ratio": ratio,
        "ratio_of_mattr": {name: _ratio(of_input, ("mattr",)) for name, of_input in costs.items()},
        "microseconds_per_kb_of_text": {
            name: {stage: _per_kb(of_input, stage) for stage in (*BASE, *SIGNALS, *BESIDE)}
            for name, of_input in costs.items()
        },
        "lines": [
            f"{name}: us per KB of text: "
            + ", ".join(f"{stage} {_per_kb(of_input, stage):.1f}" for stage in (*BASE, *SIGNALS))
            + f"; MATTR {_per_kb(of_input, 'mattr'):.1f} = {_ratio(of_input, ('mattr',)):.1%}"
            for name, of_input in costs.items()
        ],
        "input": {name: corpus.facts() for name, corpus in corpora.items()},
        "runs": runs,
    }


def _real_pages() -> list[str]:
    """WARC files from the wild among the shared data, where a checkout has it beside itself."""
    names = ("aut__example.warc.gz", "chatnoir-resiliparse__warcfile.warc.gz", "dolma__sample-*.warc.gz")
    good = SHARED_DATA / "web" / "good"
    return [str(path) for name in names for path in sorted(good.glob(name))]


def _ratio(costs: list[dict[str, float]], stages: tuple[str, ...]) -> float:
    return statistics.median(sum(c[s] for s in stages) / sum(c[s] for s in BASE) for c in costs)


def _per_kb(costs: list[dict[str, float]], stage: str) -> float:
    return round(statistics.median(c[stage] * 1e6 / (c["bytes"] / 1024) for c in costs), 2)

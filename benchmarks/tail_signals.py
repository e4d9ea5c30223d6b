"""What the batch signals that need no language model see, on labelled text and on a collapsed model's.

Labelled text: how far they move, in standard deviations of the human batches of the same source, when a
batch is all machine text. Collapse: real text against the fifth generation of a chain of bigram models,
each fitted on the text of the one before. And which correction of entropy comes closest on small batches
to the entropy of the whole source.
"""

import gzip
import json
import math
from collections import defaultdict
from collections.abc import Callable
from statistics import mean, median, stdev
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

from benchmarks.corpus import SHARED_DATA
from wellspring.schemas.batch import MeasuredDocument
from wellspring.schemas.document import Document
from wellspring.schemas.measurements import Measurements
from wellspring.signals.batch.batch_sums import batch_estimates, batch_sums
from wellspring.signals.batch.tail_coverage import load_tail_reference
from wellspring.signals.entropy import pack_ids
from wellspring.signals.lm.model_folder import REFERENCE_EN
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.signals.stats.entropy_bias import (
    Frequencies,
    chao_shen_entropy,
    frequencies_of,
    plug_in_entropy,
)
from wellspring.signals.stats.hashing import stable_hash
from wellspring.signals.stats.intervals import Estimate

SIGNALS = (
    "tail_coverage", "corrected_entropy_bits", "entropy_bits", "missing_mass", "distinct_2",
    "compression_ratio",
)  # fmt: skip
_BATCH = 50
_FEWEST = 120
_GENERATIONS = 5
_COLLAPSE_DOCUMENTS = 300


def _miller_madow(frequencies: Frequencies) -> float:
    n, types = frequencies
    return plug_in_entropy(frequencies) + (types.sum() - 1) / (2 * math.log(2) * float((n * types).sum()))


def _grassberger(frequencies: Frequencies) -> float:
    n, types = frequencies
    total = float((n * types).sum())
    g = digamma(n) + np.where(n % 2, -0.5, 0.5) * (digamma((n + 1) / 2) - digamma(n / 2))
    return float(np.log2(total) - (types * n * g).sum() / total / math.log(2))


_CORRECTIONS: dict[str, Callable[[Frequencies], float]] = {
    "plug-in": plug_in_entropy,
    "Miller and Madow": _miller_madow,
    "Grassberger": _grassberger,
    "Chao and Shen": chao_shen_entropy,
}


def _read() -> dict[str, dict[str, list[MeasuredDocument]]]:
    """Source -> label -> documents, of sources with enough of both."""
    with gzip.open(SHARED_DATA / "labelled" / "dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    tokenizer = load_tokenizer(REFERENCE_EN)
    pools: dict[str, dict[str, list[MeasuredDocument]]] = defaultdict(lambda: {"human": [], "synthetic": []})
    for row, ids in zip(rows, tokenizer.encode_batch([row["text"] for row in rows]), strict=True):
        pools[row["source"]][row["label"]].append(_document(row["id"], row["text"], ids))
    return {s: pool for s, pool in sorted(pools.items()) if min(map(len, pool.values())) >= _FEWEST}


def _document(id_: str, text: str, ids: NDArray[np.int32]) -> MeasuredDocument:
    measurements = Measurements(
        id=id_, language="en", bytes=len(text.encode()), tokens=len(ids), words=0, sentences=0,
        burstiness=None, type_token_ratio=None, mattr=None,
    )  # fmt: skip
    document = Document(id=id_, text=text, source="", language="en", file_path="", offset=0)
    return MeasuredDocument(document=document, token_ids=pack_ids(ids), measurements=measurements)


def _estimates(documents: list[MeasuredDocument]) -> dict[str, Estimate | None]:
    tail = load_tail_reference(REFERENCE_EN)
    nothing = [None] * len(documents)
    sums = batch_sums(documents, nothing, vocab_size=load_tokenizer(REFERENCE_EN).vocab_size, tail=tail)
    return batch_estimates(sums, tail)


def _drawn(pool: list[MeasuredDocument], size: int, seed: str) -> list[MeasuredDocument]:
    return sorted(pool, key=lambda one: stable_hash(one.document.id, seed))[:size]


def _shifts(pool: dict[str, list[MeasuredDocument]], batches: int) -> dict[str, float]:
    values: dict[str, dict[str, list[float]]] = {label: defaultdict(list) for label in ("human", "synthetic")}
    for label, documents in pool.items():
        for k in range(batches):
            for name, estimate in _estimates(_drawn(documents, _BATCH, f"batch {k}")).items():
                if estimate is not None:
                    values[label][name].append(estimate.value)
    return {
        name: (mean(values["synthetic"][name]) - mean(values["human"][name])) / stdev(values["human"][name])
        for name in SIGNALS
    }


def _biases(pool: list[MeasuredDocument], batches: int) -> dict[str, float]:
    """Mean of each correction over batches of 50, less the whole source's Chao and Shen entropy."""

    def counted(documents: list[MeasuredDocument]) -> Frequencies:
        ids = np.frombuffer(b"".join(d.token_ids for d in documents), dtype="<i4")
        return frequencies_of(np.bincount(ids))

    whole = chao_shen_entropy(counted(pool))
    drawn = [counted(_drawn(pool, _BATCH, f"bias {k}")) for k in range(batches)]
    return {name: mean(map(of, drawn)) - whole for name, of in _CORRECTIONS.items()}


def recursive_text(ids: NDArray[np.int32], generations: int) -> NDArray[np.int32]:
    """As many tokens by a chain of bigram models, each fitted on the text of the one before it."""
    for generation in range(generations):
        order = np.argsort(ids[:-1], kind="stable")
        first, followers = ids[:-1][order], ids[1:][order]
        start = np.searchsorted(first, np.arange(int(first.max()) + 2))
        current, made = int(ids[0]), np.empty_like(ids)
        for i in range(len(ids)):
            made[i] = current
            low, high = (
                (int(at) for at in start[current : current + 2]) if current + 1 < len(start) else (0, 0)
            )
            draw = stable_hash(str(i), f"generation {generation}")
            current = int(followers[low + draw % (high - low)]) if high > low else int(ids[0])
        ids = made
    return ids


def _collapse(pools: dict[str, dict[str, list[MeasuredDocument]]]) -> dict[str, list[float]]:
    """Signal -> its value on real text and after each of five generations."""
    human = [d for pool in pools.values() for d in pool["human"]]
    documents = _drawn(human, _COLLAPSE_DOCUMENTS, "collapse")
    ids = np.frombuffer(b"".join(d.token_ids for d in documents), dtype="<i4")
    tokenizer = load_tokenizer(REFERENCE_EN)
    values: dict[str, list[float]] = defaultdict(list)
    for generation in range(_GENERATIONS + 1):
        parts = np.array_split(ids, _COLLAPSE_DOCUMENTS)
        texts = tokenizer.decode_batch(parts)
        made = [_document(f"d{i}", t, p) for i, (t, p) in enumerate(zip(texts, parts, strict=True))]
        for name, estimate in _estimates(made).items():
            if estimate is not None:
                values[name].append(round(estimate.value, 4))
        ids = recursive_text(ids, 1) if generation < _GENERATIONS else ids
    return {name: values[name] for name in SIGNALS}


def run(runs: int = 1, batches: int = 20) -> dict[str, Any]:
    """On the shared labelled text; the same figures each time, whatever `runs` says."""
    if not (SHARED_DATA / "labelled" / "dev.jsonl.gz").is_file():
        return {
            "what": "signals without a language model on labelled text", "goal": "none", "met": False,
            "measured": "nothing: no labelled text here", "runs": runs,
        }  # fmt: skip
    pools = _read()
    shifts = {source: _shifts(pool, batches) for source, pool in pools.items()}
    biases = {source: _biases(pool["human"], batches) for source, pool in pools.items()}
    collapse = _collapse(pools)
    falls = {name: values[-1] / values[0] - 1 for name, values in collapse.items()}
    by_signal = {name: [shift[name] for shift in shifts.values()] for name in SIGNALS}
    lines = [
        f"{name}: all-machine batches of {_BATCH}, shift in human sd over {len(pools)} sources: "
        f"median {median(values):+.1f} ({min(values):+.1f} to {max(values):+.1f}); "
        f"after {_GENERATIONS} generations {falls[name]:+.0%}"
        for name, values in by_signal.items()
    ]
    lines += [
        f"entropy of {_BATCH} documents by {name}: {mean(b[name] for b in biases.values()):+.3f} bits from "
        "the whole source's, mean over sources"
        for name in _CORRECTIONS
    ]
    same_sign = all(value < 0 for value in by_signal["tail_coverage"])
    return {
        "what": "batch signals without a language model: machine text of 50 documents, a collapsed model's",
        "goal": "tail coverage falls on every source; on collapsed text by over 40%, entropy by under 5%",
        "measured": f"tail coverage falls on {sum(v < 0 for v in by_signal['tail_coverage'])} of "
        f"{len(pools)} sources; on collapsed text {falls['tail_coverage']:+.0%}, entropy "
        f"{falls['entropy_bits']:+.1%}",
        "met": same_sign and falls["tail_coverage"] < -0.4 and falls["entropy_bits"] > -0.05,
        "shift_in_human_sd": {s: {n: round(v, 2) for n, v in shift.items()} for s, shift in shifts.items()},
        "by_generation": collapse,
        "entropy_bias_bits": {s: {n: round(v, 3) for n, v in b.items()} for s, b in biases.items()},
        "lines": lines,
        "runs": runs,
    }  # fmt: skip

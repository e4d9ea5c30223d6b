"""Documents against an anchor set: copies, near-duplicates and quotations of 10^6 anchors in a million texts.

Texts are made up: words drawn from a vocabulary with the frequencies of Zipf's law, one document in a hundred
a copy of an anchor with two words replaced. Every text gets the whole check (exact, MinHash with verified
Jaccard, runs of 13 words). Two processes share one index.
"""

import gc
import multiprocessing
import time
from typing import Any

import numpy as np

from benchmarks.child import run_in_child
from wellspring.signals.matching.anchor_index import AnchorIndex

GOAL_SECONDS = 300
PROCESSES = 2
_VOCABULARY = 50_000
_AT_ONCE = 2000
_COPY_EVERY = 100
_index: AnchorIndex | None = None
_documents: list[str] = []
SIZES = ((10_000, 250), (100_000, 250), (1_000_000, 50))
"""(anchors and texts, words of each)."""


def run(runs: int = 1, sizes: tuple[tuple[int, int], ...] = SIZES) -> dict[str, Any]:
    """Time of building and asking, at several sizes; medians would cost more than they tell: see `lines`."""
    results = []
    for count, words in sizes:
        for _ in range(runs):
            cost = run_in_child("benchmarks.anchor_overlap:measure", count, count, words)
            results.append({**cost.value, "peak_bytes": cost.peak_rss})
    largest = results[-1]
    total = largest["build_seconds"] + largest["seconds"]
    return {
        "what": "seconds to index 10^6 anchors and check 10^6 documents by them, 50 words each, two cores",
        "goal": f"within minutes: {GOAL_SECONDS} s",
        "measured": f"{total:.0f} s, {largest['build_seconds']:.0f} of them for the index",
        "met": total <= GOAL_SECONDS,
        "runs": results,
        "lines": [_line(result) for result in results],
    }


def measure(anchors: int, documents: int, words: int) -> dict[str, float]:
    """Builds an index and asks it, in this process and its children; seconds and what was found."""
    global _index, _documents
    texts = made_up(anchors + documents, words)
    kept = texts[:anchors]
    _documents = texts[anchors:]
    copies = range(0, documents, _COPY_EVERY)
    for i in copies:
        _documents[i] = _nearly(kept[i % anchors], words)
    clock, cpu = time.perf_counter(), time.process_time()
    _index = AnchorIndex.from_documents((str(i), text) for i, text in enumerate(kept))
    build, build_cpu = time.perf_counter() - clock, time.process_time() - cpu
    gc.freeze()  # so that the children don't copy what they only read
    clock = time.perf_counter()
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        answers = pool.map(_ask, range(0, documents, _AT_ONCE))
    seconds = time.perf_counter() - clock
    kinds = [kind for part, _ in answers for kind in part]
    return {
        "anchors": anchors,
        "documents": documents,
        "words": words,
        "build_seconds": build,
        "build_cpu_seconds": build_cpu,
        "seconds": seconds,
        "cpu_seconds": sum(cpu for _, cpu in answers),
        "copies": len(copies),
        "near": kinds.count("near"),
        "copies_found": sum(kinds[i] is not None for i in copies),
        "found": sum(kind is not None for kind in kinds),
    }


def made_up(count: int, words: int) -> list[str]:
    """Texts of so many words, the same ones each time."""
    draw = np.random.default_rng(7)
    frequencies = 1 / np.arange(10, _VOCABULARY + 10)
    edges = np.cumsum(frequencies / frequencies.sum())
    vocabulary = [np.base_repr(i * 7919 + 1000, 36).lower() for i in range(_VOCABULARY)]
    word_of = np.array(vocabulary, dtype=object)
    texts: list[str] = []
    while len(texts) < count:
        drawn = np.minimum(np.searchsorted(edges, draw.random((_AT_ONCE, words))), _VOCABULARY - 1)
        texts += map(" ".join, word_of[drawn])
    return texts[:count]


def _nearly(text: str, words: int) -> str:
    parts = text.split()
    parts[2] = parts[words // 2] = "replaced"
    return " ".join(parts)


def _ask(begin: int) -> tuple[list[str | None], float]:
    assert _index is not None
    cpu = time.process_time()
    found = _index.findings(_documents[begin : begin + _AT_ONCE])
    return [overlap and overlap.kind for overlap in found], time.process_time() - cpu


def _line(result: dict[str, float]) -> str:
    each = 1e6 / result["documents"]
    return (
        f"{result['anchors']:9,.0f} anchors and documents of {result['words']:.0f} words: "
        f"index {result['build_seconds']:.1f} s ({each * result['build_cpu_seconds']:.0f} us of a core), "
        f"check {result['seconds']:.1f} s ({each * result['cpu_seconds']:.0f} us), "
        f"peak {result['peak_bytes'] / 1e9:.1f} GB with the texts; "
        f"{result['copies_found']:.0f} of {result['copies']:.0f} planted copies found"
    )

"""How long a simulation takes: six generations of the n-gram learner, and the transformer's.

One chain under each regime for the n-gram model; of the transformer generations 0 and 1 of `replace`, since
later ones cost what generation 1 does: five generations after the first are six models.
"""

import itertools
import os
import time
from statistics import median
from typing import Any

from benchmarks.corpus import texts
from wellspring.schemas.simulation import REGIMES
from wellspring.signals.collapse.corpus_split import CorpusSplit, split_corpus
from wellspring.signals.collapse.ngram_learner import NgramLearner
from wellspring.signals.collapse.simulation import simulate

GOAL_NGRAM = 10.0
GOAL_TRANSFORMER = 15 * 60.0
GENERATIONS = 6


def _split(words: int) -> CorpusSplit:
    """Enough text for so many words per generation."""
    chosen: list[str] = []
    source = texts()
    while sum(len(text) for text in chosen) < 12 * words:
        chosen += itertools.islice(source, 100)
    return split_corpus(chosen, words, asked=True)


def _chain(split: CorpusSplit, regime: str) -> float:
    began = time.perf_counter()
    for _ in simulate(NgramLearner(split, 0), regime, GENERATIONS, 0):
        pass
    return time.perf_counter() - began


def _models(words: int) -> list[tuple[float, float]]:
    """(wall, processor) seconds of the transformer's generations 0 and 1, each with its text."""
    from wellspring.signals.collapse.transformer_learner import transformer_learners

    split = _split(words)
    learner = transformer_learners(split, None)(split, 0)
    spent = []
    wall, processor = time.perf_counter(), time.process_time()
    for _ in simulate(learner, "replace", 1, 0):
        spent.append((time.perf_counter() - wall, time.process_time() - processor))
        wall, processor = time.perf_counter(), time.process_time()
    return spent


def run(runs: int = 3, words: int = 100_000, transformer_words: int = 100_000) -> dict[str, Any]:
    """Medians over `runs` of the n-gram chains; the transformer once."""
    split = _split(words)
    seconds = {regime: median(_chain(split, regime) for _ in range(runs)) for regime in REGIMES}
    models = _models(transformer_words)
    wall = models[0][0] + 5 * models[1][0]
    processor = models[0][1] + 5 * models[1][1]
    slowest = max(seconds, key=lambda regime: seconds[regime])
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    return {
        "what": f"a chain of {GENERATIONS} generations of {words:,} words (n-gram); 5 generations of "
        f"{transformer_words:,} words (transformer)",
        "goal": f"n-gram under {GOAL_NGRAM:.0f} s, transformer under {GOAL_TRANSFORMER / 60:.0f} min",
        "measured": f"n-gram {seconds['replace']:.1f} s (replace) to {seconds[slowest]:.1f} s ({slowest}); "
        f"transformer {wall / 60:.1f} min ({processor / 60:.1f} min of processor time)",
        "met": seconds[slowest] < GOAL_NGRAM and wall < GOAL_TRANSFORMER,
        "ngram_seconds": {regime: round(value, 2) for regime, value in seconds.items()},
        "transformer_seconds": {"wall": round(wall, 1), "processor": round(processor, 1)},
        "load_a_core": round(busy, 2),
        "lines": [f"load average per core at the end: {busy:.1f}; above 1 the wall clock is another's too"],
        "runs": runs,
    }

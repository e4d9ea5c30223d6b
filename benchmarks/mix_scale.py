"""What a document costs in the counting, weighing and drawing of a mix, as documents get more.

In a process of its own: words counted in a sketch, rarity of each document, its weight against the median,
and a draw of a tenth of the tokens in two passes, at 10^4, 10^5 and 10^6 short generated documents that are
streamed from a file. Nothing but the sketch may take memory, and no document more time for being one of
many.
"""

import itertools
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.child import Cost, run_in_child
from benchmarks.corpus import MB
from wellspring.signals.mix.low_frequency import WeightSums, multiplicity
from wellspring.signals.mix.rarity import content_keys, rarities
from wellspring.signals.stats.count_min import CountMin
from wellspring.signals.stats.log_histogram import LogHistogram
from wellspring.signals.stats.weighted_sample import Item, WeightedDraw, boundary, sampling_key, uniform

GOAL_TIME = 0.15
GOAL_MEMORY = 16 * MB
"""Between the smallest and the largest: what counts as flat."""
_WORDS = 40
_TYPES = 500_000
_SHARE = 10
_CHUNK = 256


def write_texts(path: Path, documents: int) -> None:
    """Lines of 40 made-up words of a Zipf distribution over half a million."""
    edges = np.cumsum(1 / np.arange(1.0, _TYPES + 1))
    with path.open("w", encoding="ascii") as file:
        for start in range(0, documents, 1000):
            count = min(1000, documents - start)
            index = np.arange(start * _WORDS, (start + count) * _WORDS, dtype=np.uint64)
            mixed = (index + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
            mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            ranks = np.searchsorted(edges, (mixed >> np.uint64(11)) / 2.0**53 * edges[-1])
            for row in ranks.reshape(count, _WORDS).tolist():
                file.write(" ".join(f"w{rank:x}" for rank in row) + "\n")


def draw(texts: str, folder: str) -> dict[str, Any]:
    """Counts, weighs and draws; what it found, for the report."""
    counted = CountMin()
    documents = 0
    for chunk in _chunks(texts):
        counted.add_documents([content_keys(text) for text in chunk])
        documents += len(chunk)

    middle = LogHistogram()
    with (Path(folder) / "rarity").open("wb") as file:
        for chunk in _chunks(texts):
            values = rarities([content_keys(text) for text in chunk], counted)
            middle.add_all(np.array([value for value in values if value is not None]))
            np.array([np.nan if value is None else value for value in values]).tofile(file)
    median = middle.quantile(0.5) or 0.0

    sums, keys = WeightSums(), LogHistogram()
    for _, items, weights in _keyed(folder, median):
        sums = sums.merged(WeightSums.of(weights))
        keys.add_all(np.array([i.key for i in items]), np.array([i.size for i in items]))
    found = boundary(keys, documents * _WORDS // _SHARE)
    assert found is not None
    last = WeightedDraw(found.room)
    drawn = 0
    for _, items, _ in _keyed(folder, median):
        for item in items:
            if found.holds(item.key):
                last.add(item)
            drawn += item.key < found.low
    return {
        "documents": documents,
        "drawn": drawn + len(last.drawn()),
        "median_rarity": round(median, 3),
        "effective_share": round(sums.effective_sample_size / documents, 3),
    }


def _chunks(texts: str) -> Iterator[list[str]]:
    chunk = []
    with Path(texts).open(encoding="ascii") as file:
        for line in file:
            chunk.append(line)
            if len(chunk) == _CHUNK:
                yield chunk
                chunk = []
    if chunk:
        yield chunk


def _keyed(folder: str, median: float) -> Iterator[tuple[int, list[Item], list[float]]]:
    start = 0
    with (Path(folder) / "rarity").open("rb") as file:
        while len(values := np.fromfile(file, count=_CHUNK)):
            weights = [multiplicity(None if v != v else v, median, strength=1) for v in values.tolist()]
            ids = [f"d{start + i}" for i in range(len(weights))]
            items = [
                Item(sampling_key(uniform(7, id_), weight), id_, _WORDS)
                for id_, weight in zip(ids, weights, strict=True)
            ]
            yield start, items, weights
            start += len(weights)


def run(runs: int = 3, steps: tuple[int, ...] = (10_000, 100_000, 1_000_000)) -> dict[str, Any]:
    """Runs all steps in turn, `runs` times; time is the least of them, memory the median."""
    costs: dict[int, list[Cost]] = {step: [] for step in steps}
    with tempfile.TemporaryDirectory(prefix="wellspring-bench-") as name:
        for step in steps:
            write_texts(Path(name) / f"{step}.txt", step)
        for _ in range(runs):
            for step in steps:
                costs[step].append(
                    run_in_child("benchmarks.mix_scale:draw", str(Path(name) / f"{step}.txt"), name)
                )
    # Other work on the machine only ever adds to a run's time: the least disturbed one counts.
    micros = {s: min(c.cpu for c in costs[s]) / s * 1e6 for s in steps}
    peaks = {s: statistics.median(c.peak_rss for c in costs[s]) for s in steps}
    growth = [micros[b] / micros[a] - 1 for a, b in itertools.pairwise(steps)]
    more = peaks[steps[-1]] - peaks[steps[0]]
    return {
        "what": f"counting, rarity and draw of {', '.join(f'{s:,}' for s in steps)} documents",
        "goal": f"time per document within {GOAL_TIME:.0%} from step to step, "
        f"at most {GOAL_MEMORY / MB:.0f} MB more memory",
        "measured": ", ".join(f"{micros[s]:.1f} µs at {s:,} ({peaks[s] / MB:.0f} MB)" for s in steps)
        + f"; time {', '.join(f'{g:+.1%}' for g in growth)}, memory {more / MB:+.1f} MB",
        "met": max(map(abs, growth)) <= GOAL_TIME and more <= GOAL_MEMORY,
        "microseconds_a_document": {str(s): round(micros[s], 2) for s in steps},
        "peak_rss_bytes": {str(s): peaks[s] for s in steps},
        "sketch_bytes": 8 * CountMin().width * CountMin().depth,
        "found": {str(s): costs[s][-1].value for s in steps},
        "runs": runs,
    }

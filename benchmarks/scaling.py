"""How a run's cost grows with its input, and what a second worker process brings.

One worker: CPU time at 1, 2, 4 and 8 times an input; what one more document takes between each size and the
next is compared with the same over the whole range, so that the start is left out. Two worker processes
against one: wall-clock time for more documents, one torch thread each; that needs a machine with two idle
cores, so the load that it was measured at is in the result.
"""

import os
import statistics
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.child import Cost, run_in_child
from benchmarks.corpus import MB, Corpus, write_wet

GOAL_SPREAD = 0.10
GOAL_SPEEDUP = 1.6
TIMES = (1, 2, 4, 8)


def run(
    runs: int = 1, text_bytes: int = MB, wall_bytes: int = 8 * MB, processes: bool = True
) -> dict[str, Any]:
    """Measures `curate` with the embedded scorer on WET files.

    Args:
        text_bytes: 1x of the input of the first part. wall_bytes: the larger input of the second; the
            smaller is a quarter of it.
        processes: whether the second part is run.
    """
    with tempfile.TemporaryDirectory(prefix="wellspring-bench-") as name:
        folder = Path(name)
        growth = _growth(folder, text_bytes, runs)
        speedup = _speedup(folder, wall_bytes) if processes else {}
    spread = growth["largest_difference"]
    measured = f"time for a document differs by {spread:.0%} at most"
    met = spread <= GOAL_SPREAD
    if processes:
        measured += f"; two processes are {speedup['times']:.2f} times one, at load {speedup['load']:.1f}"
        met = met and speedup["times"] >= GOAL_SPEEDUP
    return {
        "what": "curate with the embedded scorer at 1x, 2x, 4x, 8x of an input; one and two worker processes",
        "goal": f"within {GOAL_SPREAD:.0%}; at least {GOAL_SPEEDUP:g} times on an idle machine",
        "measured": measured,
        "met": met,
        "growth": growth,
        "processes": speedup,
        "runs": runs,
        "lines": [
            f"{times}: {seconds * 1e3:.2f} ms of CPU for one more document"
            for times, seconds in growth["seconds_a_document"].items()
        ],
    }


def _growth(folder: Path, text_bytes: int, runs: int) -> dict[str, Any]:
    corpora = {times: write_wet(folder / f"x{times}", times * text_bytes) for times in TIMES}
    costs: dict[int, list[float]] = {times: [] for times in TIMES}
    for _ in range(runs):
        for times, corpus in corpora.items():
            cost = _curate(corpus, folder / "run", "benchmarks.curate_run:curate_with_scoring")
            costs[times].append(cost.cpu)
    cpu = {times: statistics.median(values) for times, values in costs.items()}
    texts = {times: corpus.text_bytes for times, corpus in corpora.items()}
    # Documents differ in length: what is counted is one of the mean length.
    mean = texts[TIMES[-1]] / corpora[TIMES[-1]].documents

    def one_more(small: int, large: int) -> float:
        return (cpu[large] - cpu[small]) / (texts[large] - texts[small]) * mean

    whole = one_more(TIMES[0], TIMES[-1])
    steps = {f"from {small}x to {large}x": one_more(small, large) for small, large in pairwise(TIMES)}
    return {
        "largest_difference": max(abs(value / whole - 1) for value in steps.values()),
        "seconds_a_document": {f"from {TIMES[0]}x to {TIMES[-1]}x": whole, **steps},
        "start_seconds": cpu[TIMES[0]] - whole / mean * texts[TIMES[0]],
        "cpu_seconds": {f"{times}x": seconds for times, seconds in cpu.items()},
        "documents": {f"{times}x": corpus.documents for times, corpus in corpora.items()},
    }


def _speedup(folder: Path, wall_bytes: int) -> dict[str, Any]:
    small = write_wet(folder / "small", wall_bytes // 4)
    large = write_wet(folder / "large", wall_bytes)
    seconds: dict[int, float] = {}
    load = os.getloadavg()[0]
    for workers in (1, 2):
        function = f"benchmarks.curate_run:curate_in_{'two_processes' if workers == 2 else 'one_process'}"
        walls = [_curate(corpus, folder / "run", function).wall for corpus in (small, large)]
        seconds[workers] = walls[1] - walls[0]
    return {
        "times": seconds[1] / seconds[2],
        "load": load,
        "wall_seconds_without_the_start": seconds,
        "documents": large.documents - small.documents,
    }


def _curate(corpus: Corpus, output: Path, function: str) -> Cost:
    return run_in_child(function, [str(path) for path in corpus.files], str(output))

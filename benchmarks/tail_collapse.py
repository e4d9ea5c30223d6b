"""What a collapsed model loses on a tail benchmark and on its head set, over seeds.

The models are those of `wellspring simulate --learner=transformer --keep_models=FOLDER`, which leaves
REGIME/SEED/GENERATION, the real text that they were trained on (pool.jsonl) and what they never saw
(held_out.jsonl). WELLSPRING_KEPT_MODELS names the folder. The benchmark is built from the held-out text by
frequencies of the other; every model is compared with generation 0 of its seed.
"""

import os
import tempfile
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from statistics import mean
from typing import Any

import msgspec

from wellspring.pipelines.tails import run as tails
from wellspring.schemas.tail_benchmark import Comparison, ModelScores, TailScores

FIRST_COLLAPSED = 3


def run(runs: int = 1) -> dict[str, Any]:
    """Every seed that the folder has; the same figures each time, whatever `runs` says."""
    what = "accuracy lost on the tail and on the head after generations of `replace` and of `clean`"
    goal = "replace from generation 3 on: tail -10 points, head at most -2, p < .01; clean under a third"
    folder = Path(os.environ.get("WELLSPRING_KEPT_MODELS", "kept-models"))
    if not (folder / "replace").is_dir():
        measured = f"nothing: no models in {folder}, see benchmarks/tail_collapse.py"
        return {"what": what, "goal": goal, "met": False, "measured": measured, "runs": runs}
    lines, rows = [], []
    with tempfile.TemporaryDirectory() as name:
        items = Path(name) / "items"
        with redirect_stdout(StringIO()):
            tails([
                "build", f"--corpus={folder}/held_out.jsonl", f"--against={folder}/pool.jsonl",
                f"--output={items}",
            ])  # fmt: skip
        for regime in ("replace", "clean"):
            for seed in _numbered(folder / regime):
                generations = _numbered(folder / regime / str(seed))
                for generation in (g for g in generations if g):
                    scores = _scores(items, folder / regime / str(seed), generation, Path(name))
                    ((first, second),) = scores.domains.values()
                    (lost,) = scores.comparisons.values()
                    rows.append((regime, seed, generation, lost))
                    lines.append(_line(regime, seed, generation, first, second, lost))
    last = {
        regime: max((g for r, _, g, _ in rows if r == regime), default=0) for regime in ("replace", "clean")
    }
    collapsed = [lost for r, _, g, lost in rows if r == "replace" and g == last["replace"] >= FIRST_COLLAPSED]
    clean = [lost for r, _, g, lost in rows if r == "clean" and g == last["clean"]]
    tail, head = (
        mean(getattr(c, f"{name}_drop").value for c in collapsed) if collapsed else 0.0
        for name in ("tail", "head")
    )
    of_clean = mean(c.tail_drop.value for c in clean) if clean else None
    worst = max((c.difference.p for c in collapsed), default=1.0)
    kept = "not run" if of_clean is None else f"{100 * of_clean:.1f}"
    return {
        "what": what,
        "goal": goal,
        "measured": f"generation {last['replace']} of replace, {len(collapsed)} seeds: tail "
        f"{100 * tail:.1f}, head {100 * head:.1f} points, p <= {worst:.2g}; clean: tail {kept}",
        "met": len(collapsed) >= 3 and tail >= 0.1 and head <= 0.02 and worst < 0.01
        and of_clean is not None and of_clean < tail / 3,
        "lines": lines,
        "runs": runs,
    }  # fmt: skip


def _numbered(folder: Path) -> list[int]:
    return (
        sorted(int(path.name) for path in folder.iterdir() if path.name.isdigit()) if folder.is_dir() else []
    )


def _scores(items: Path, chain: Path, generation: int, work: Path) -> TailScores:
    output = work / "scores.json"
    with redirect_stdout(StringIO()):
        tails([
            "score", f"--items={items}", f"--scorer={chain}/0,{chain}/{generation}", f"--output={output}",
        ])  # fmt: skip
    return msgspec.json.decode(output.read_bytes(), type=TailScores)


def _line(
    regime: str, seed: int, generation: int, first: ModelScores, second: ModelScores, lost: Comparison
) -> str:
    tail, head = (
        f"{100 * first.sets[s].accuracy.value:.1f} -> {100 * second.sets[s].accuracy.value:.1f}"
        for s in ("tail", "head")
    )
    low, high = (100 * (bound or 0.0) for bound in (lost.difference.low, lost.difference.high))
    return (
        f"{regime}, seed {seed}, generation {generation}: tail {tail}, head {head}; tail less head "
        f"{100 * lost.difference.value:+.1f} ({low:+.1f} to {high:+.1f}), p {lost.difference.p:.2g}"
    )

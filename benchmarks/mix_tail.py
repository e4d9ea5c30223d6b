"""What a set drawn by rarity keeps of a planted long tail, against one drawn plainly, through the whole job.

The word types that one or two documents of the corpus have are counted in both sets by a plain loop over
their texts; the corpus is that of `benchmarks.low_frequency`.
"""

import json
import tempfile
from collections import Counter
from pathlib import Path
from statistics import mean
from typing import Any

import pyarrow.dataset as ds

from benchmarks.child import run_in_child
from benchmarks.low_frequency import planted_texts
from benchmarks.made_run import write_run

GOAL_KEPT, GOAL_EFFECTIVE = 1.5, 0.5
_SHARE = 10
_SHARES = {"human_verified": 0.2, "human_unverified": 0.4, "synthetic_known": 0.2, "synthetic_suspected": 0.2}
"""As the corpus is made: what is kept more often is so by weight alone."""


def mix(recipe: dict[str, Any], output: str) -> list[float]:
    """Draws a set; (effective size over documents, widest distance of a share from the recipe's)."""
    from wellspring.pipelines.mix import run as mix_job

    path = Path(output).with_suffix(".yaml")
    path.write_text(json.dumps(recipe))
    mix_job([f"--recipe={path}", f"--output={output}"])
    manifest = json.loads((Path(output) / "manifest.json").read_text())
    off = max(abs(manifest["shares"][label] - share) for label, share in _SHARES.items())
    return [manifest["effective_sample_size"] / manifest["distinct_documents"], off]


def run(runs: int = 3, documents: int = 20_000) -> dict[str, Any]:
    """Draws a tenth of the tokens with each of `runs` seeds, by rarity and plainly."""
    texts = planted_texts(documents)
    seen = Counter(word for text in texts for word in set(text.split()))
    rare = {word for word, n in seen.items() if n <= 2}
    kept: dict[str, list[int]] = {"plain": [], "by_rarity": []}
    effective, off = [], []
    with tempfile.TemporaryDirectory(prefix="wellspring-bench-") as name:
        made = write_run(Path(name) / "run", documents, texts)
        tokens = json.loads((made / "manifest.json").read_text())["tokens"] // _SHARE
        for seed in range(runs):
            for how, extra in (("plain", {}), ("by_rarity", {"low_frequency": {"strength": 1, "cap": 4}})):
                recipe = {"seed": seed, "runs": [str(made)], "tokens": tokens, "shares": _SHARES, **extra}
                output = f"{name}/{how}{seed}"
                share, distance = run_in_child("benchmarks.mix_tail:mix", recipe, output).value
                drawn = ds.dataset(f"{output}/documents").to_table(columns=["text"])["text"].to_pylist()
                kept[how].append(len(rare.intersection(*[{w for t in drawn for w in t.split()}])))
                off.append(distance)
                if how == "by_rarity":
                    effective.append(share)
    ratio = sum(kept["by_rarity"]) / sum(kept["plain"])
    return {
        "what": f"types in one or two of {documents:,} documents kept by a set of a tenth of the tokens",
        "goal": f"{GOAL_KEPT}x what plain sampling keeps, effective sample size at least {GOAL_EFFECTIVE} n, "
        "shares within 1%",
        "measured": f"{ratio:.2f}x ({mean(kept['by_rarity']):,.0f} against {mean(kept['plain']):,.0f} of "
        f"{len(rare):,}) at {mean(effective):.2f} n, shares off by at most {max(off):.2%}",
        "met": ratio >= GOAL_KEPT and min(effective) >= GOAL_EFFECTIVE and max(off) <= 0.01,
        "kept": kept,
        "rare_types": len(rare),
        "effective_share": effective,
        "shares_off": max(off),
        "runs": runs,
    }

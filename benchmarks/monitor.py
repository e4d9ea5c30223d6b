"""`wellspring monitor`: 10,000 outputs in under 20 s; silent on fresh outputs, an alarm on generation 2.

Outputs are drawn from a chain of n-gram models, each trained on the text of the one before (`replace`).
The baseline is outputs of generation 0. Fresh outputs of generation 0 are watched in many windows, for
each of several baselines, and the windows in which an alarm is raised are counted.
"""

import gzip
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus import SHARED_DATA
from wellspring.pipelines.monitor import ALARM
from wellspring.pipelines.monitor import run as monitor
from wellspring.schemas.monitor import MonitorReport
from wellspring.signals.collapse.generation_text import part
from wellspring.signals.collapse.ngram_model import NgramModel
from wellspring.signals.lm.model_folder import REFERENCE_EN
from wellspring.signals.lm.tokenization import Tokenizer, load_tokenizer

_CORPUS = SHARED_DATA / "lmtext" / "gov_digitalgov_news.jsonl.gz"
_ROW, _LENGTH = 128, 250
_TUNING_ROWS = 800
OUTPUTS, BASELINE, LATER = 10_000, 4000, 2000


def _real_rows(tokenizer: Tokenizer) -> NDArray[np.int32]:
    with gzip.open(_CORPUS, "rt", encoding="utf-8") as lines:
        texts = [" ".join(json.loads(line)["text"].split()) for line in lines]
    ids = np.concatenate(tokenizer.encode_batch(texts))
    return ids[: len(ids) // _ROW * _ROW].reshape(-1, _ROW)


def _chain(rows: NDArray[np.int32], tuning: NDArray[np.int32], vocabulary: int) -> Iterator[NgramModel]:
    """Models of `replace`, generation 0 first."""
    generation = 0
    while True:
        model = NgramModel((part(rows, human=generation == 0),), tuning, vocabulary)
        yield model
        rows = model.sample(len(rows), _ROW, f"training text {generation}")
        generation += 1


def _write(path: Path, model: NgramModel, tokenizer: Tokenizer, count: int, key: str) -> Path:
    ids = model.sample(count, _LENGTH, key)
    with path.open("w", encoding="utf-8") as file:
        for index, text in enumerate(tokenizer.decode_batch(list(ids))):
            file.write(json.dumps({"id": f"{key} {index}", "text": text}) + "\n")
    return path


def _watched(outputs: Path, baseline: Path, folder: Path) -> tuple[int, MonitorReport, float]:
    began = time.process_time()
    with redirect_stdout(StringIO()):
        code = monitor([f"--outputs={outputs}", f"--baseline={baseline}", f"--output={folder}"])
    seconds = time.process_time() - began
    return code, msgspec.json.decode((folder / "monitor.json").read_bytes(), type=MonitorReport), seconds


def run(
    runs: int = 5, outputs: int = OUTPUTS, baseline_outputs: int = BASELINE, later_outputs: int = LATER
) -> dict[str, Any]:
    """`runs` baselines, each watched against fresh outputs and those of generations 1 and 2."""
    what = "a model's outputs watched: time, false alarms, generation 2 of `replace`"
    goal = "10,000 outputs in under 20 s; no alarm in 99 of 100 fresh windows; an alarm on generation 2"
    if not _CORPUS.is_file():
        return {"what": what, "goal": goal, "met": False, "measured": "nothing: no text here", "runs": runs}
    tokenizer = load_tokenizer(REFERENCE_EN)
    rows = _real_rows(tokenizer)
    chain = _chain(rows[:-_TUNING_ROWS], rows[-_TUNING_ROWS:], tokenizer.vocab_size)
    models = [next(chain) for _ in range(3)]
    seconds, alarmed, windows, first_alarms = [], 0, 0, {1: [], 2: []}  # type: ignore[var-annotated]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for k in range(runs):
            baseline = _write(
                folder / "baseline.jsonl", models[0], tokenizer, baseline_outputs, f"baseline {k}"
            )
            fresh = _write(folder / "fresh.jsonl", models[0], tokenizer, outputs, f"fresh {k}")
            _, report, took = _watched(fresh, baseline, folder / "watched")
            seconds.append(took)
            alarmed += len({alarm.window for alarm in report.alarms})
            windows += len(report.windows)
            for generation in (1, 2):
                later = _write(
                    folder / "later.jsonl", models[generation], tokenizer, later_outputs, f"later {k}"
                )
                code, report, _ = _watched(later, folder / "watched" / "baseline.json", folder / "later")
                first_alarms[generation].append(report.alarms[0].window + 1 if code == ALARM else None)
    seen = [w for w in first_alarms[2] if w is not None]
    return {
        "what": what,
        "goal": goal,
        "measured": f"{max(seconds):.1f} s of a core; alarms in {alarmed} of {windows} fresh windows; "
        f"generation 2 seen in {len(seen)} of {runs}, by window {max(seen, default=0)}",
        "met": max(seconds) < 20 and alarmed <= windows / 100 and len(seen) == runs,
        "seconds": [round(s, 1) for s in seconds],
        "first_alarm_in_window": first_alarms,
        "lines": [
            f"generation {g}: first alarm in window {', '.join(map(str, found))} (of 100 outputs each)"
            for g, found in first_alarms.items()
        ],
        "runs": runs,
    }

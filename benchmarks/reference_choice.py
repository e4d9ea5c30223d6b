"""`python -m benchmarks.reference_choice --corpus=GLOBS --labelled=FILE ...`: which embedded pair to ship.

Trains a small pair of models a cell, all on equally many tokens: one on human text, one that goes on from it
on machine text. Cells differ from the first by one thing: size, vocabulary, context or mix of registers.
Prints for each cell how far cross-entropy difference, and the best signal of the first model alone, separate
the labels on sources that neither model saw (ROC AUC within each source, a mean over sources), and tokens a
second. A cell that stands in DIR already is not trained again.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.signal_auroc import areas_by_source, labelled_documents
from wellspring.pipelines import train_reference
from wellspring.schemas.measurements import LanguageModelSignals
from wellspring.signals.lm.scorer import Scorer
from wellspring.signals.lm.tokenization import load_tokenizer

WEIGHTED = train_reference.DEFAULT_WEIGHTS
AS_IT_LIES = ",".join(f"{part.partition('=')[0]}=1" for part in WEIGHTED.split(","))
FIRST = {**train_reference.SHAPE, "weights": WEIGHTED}
CELLS = {
    "4 layers x 192, 4,096 tokens, context 512, weighted": FIRST,
    "2 layers x 128": FIRST | {"layers": 2, "width": 128},
    "4 layers x 256, 8,192 tokens": FIRST | {"width": 256, "vocabulary": 8192},
    "1,024 tokens": FIRST | {"vocabulary": 1024},
    "context 256": FIRST | {"context": 256},
    "registers as they lie": FIRST | {"weights": AS_IT_LIES},
}
TWO_MODELS = {"cross_entropy_difference", "binoculars"}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0], allow_abbrev=False)
    parser.add_argument("--corpus", required=True, help="human text: globs, a comma between them")
    parser.add_argument("--machine", required=True, help="labelled text whose synthetic half the second sees")
    parser.add_argument("--labelled", required=True, help="labelled text that neither model sees")
    parser.add_argument("--output", required=True, type=Path)
    parser.add_argument(
        "--tokens", type=int, default=2_000_000, help="of the first model (default 2,000,000)"
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    chosen = parser.parse_args(arguments)
    rows = labelled_documents(chosen.labelled, 100)
    print(
        "| cell | cross-entropy difference | best single signal | worst source | tokens/s |\n"
        "|---|---|---|---|---|"
    )
    for number, (name, shape) in enumerate(CELLS.items()):
        folder = chosen.output / f"cell-{number}"
        if not (folder / "result.json").exists():
            _train(folder, shape, chosen)
            (folder / "result.json").write_text(json.dumps(_measure(folder, rows)))
        result = json.loads((folder / "result.json").read_text())
        difference = list(result["areas"]["cross_entropy_difference"].values())
        single = {
            signal: float(np.mean(list(areas.values())))
            for signal, areas in result["areas"].items()
            if signal not in TWO_MODELS
        }
        best = max(single, key=lambda signal: abs(single[signal] - 0.5))
        print(
            f"| {name} | {np.mean(difference):.3f} | {best} {single[best]:.3f} | {min(difference):.2f} "
            f"| {result['tokens_per_second']:,.0f} |",
            flush=True,
        )
    return 0


def _train(folder: Path, shape: dict[str, int | str], chosen: argparse.Namespace) -> None:
    threads = f"--threads={chosen.threads}"
    of_the_cell = [f"--{flag}={value}" for flag, value in shape.items()]
    human, machine = folder / "human", folder / "machine"
    train_reference.run(
        [
            f"--corpus={chosen.corpus}",
            "--label=human",
            f"--output={human}",
            f"--tokens={chosen.tokens}",
            threads,
            *of_the_cell,
        ]
    )
    train_reference.run(
        [
            f"--corpus={chosen.machine}",
            "--label=synthetic",
            f"--start={human}",
            f"--output={machine}",
            f"--tokens={chosen.tokens // 4}",
            threads,
        ]
    )


def _measure(folder: Path, rows: list[dict[str, str]]) -> dict[str, object]:
    pair = f"{folder / 'human'},{folder / 'machine'}"
    ids = [each[:300] for each in load_tokenizer(pair).encode_batch([row["text"] for row in rows])]
    lengths = [len(row["text"].encode()) for row in rows]
    started = time.perf_counter()
    Scorer.load(str(folder / "human")).score(ids, lengths)
    seconds = time.perf_counter() - started
    scored = Scorer.load(pair).score(ids, lengths)
    kept = [
        (row, each) for row, each in zip(rows, scored, strict=True) if isinstance(each, LanguageModelSignals)
    ]
    return {"areas": areas_by_source(kept), "tokens_per_second": sum(map(len, ids)) / seconds}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

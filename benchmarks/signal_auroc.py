"""`python -m benchmarks.signal_auroc --labelled=FILE`: how far each signal alone separates the labels.

Prints a Markdown table of ROC AUC for each source of a labelled JSONL file (`id, text, label, source`;
0.5 is chance, below it machine text has the lower values) and its mean over the sources: for a model's
card. Of each source and label so many documents are taken, by hash of the id, and of each its first tokens.
"""

import argparse
import gzip
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from wellspring.schemas.measurements import LanguageModelSignals
from wellspring.signals.lm.model_folder import REFERENCE_EN, REFERENCE_EN_MACHINE
from wellspring.signals.lm.scorer import Scorer
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.signals.stats.hashing import stable_hash
from wellspring.signals.stats.roc import roc_auc

LEFT_OUT = {"scored_tokens", "nll"}
"""They grow with the text's length."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0], allow_abbrev=False)
    parser.add_argument("--labelled", required=True)
    parser.add_argument("--scorer", default=f"{REFERENCE_EN},{REFERENCE_EN_MACHINE}")
    parser.add_argument("--documents", type=int, default=120, help="of each source and label (default 120)")
    parser.add_argument("--tokens", type=int, default=300, help="of each document (default 300)")
    chosen = parser.parse_args(arguments)
    rows = labelled_documents(chosen.labelled, chosen.documents)
    texts = [row["text"] for row in rows]
    ids = [each[: chosen.tokens] for each in load_tokenizer(chosen.scorer).encode_batch(texts)]
    scored = Scorer.load(chosen.scorer).score(ids, [len(text.encode()) for text in texts])
    kept = [
        (row, each) for row, each in zip(rows, scored, strict=True) if isinstance(each, LanguageModelSignals)
    ]
    table = areas_by_source(kept)
    sources = sorted({row["source"] for row, _ in kept})
    print(f"{len(kept)} documents, {chosen.tokens} tokens of each at most\n")
    print(f"| signal | {' | '.join(sources)} | mean |\n|{'---|' * (len(sources) + 2)}")
    for name, areas in table.items():
        figures = " | ".join(f"{areas[source]:.2f}" for source in sources)
        print(f"| {name} | {figures} | {np.mean(list(areas.values())):.2f} |")
    return 0


def areas_by_source(
    pairs: Sequence[tuple[dict[str, Any], LanguageModelSignals]],
) -> dict[str, dict[str, float]]:
    """{signal: {source: ROC AUC of the signal alone}} of documents and what a scorer says of them."""
    names = [name for name in LanguageModelSignals.__struct_fields__ if name not in LEFT_OUT]
    sources = sorted({row["source"] for row, _ in pairs})
    return {
        name: {
            source: _area(name, [pair for pair in pairs if pair[0]["source"] == source]) for source in sources
        }
        for name in names
    }


def _area(name: str, pairs: Sequence[tuple[dict[str, Any], LanguageModelSignals]]) -> float:
    defined = [(getattr(each, name), row["label"]) for row, each in pairs if getattr(each, name) is not None]
    scores = np.array([value for value, _ in defined], dtype=np.float64)
    return roc_auc(scores, np.array([label == "synthetic" for _, label in defined]))


def labelled_documents(path: str, count: int) -> list[dict[str, Any]]:
    """`count` of each label, by hash of the id, of the sources that have both labels."""
    sources: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            sources[row["source"]][row["label"]].append(row)
    return [
        row
        for _, labels in sorted(sources.items())
        if len(labels) == 2
        for _, rows in sorted(labels.items())
        for row in sorted(rows, key=lambda row: stable_hash(row["id"], "auroc"))[:count]
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

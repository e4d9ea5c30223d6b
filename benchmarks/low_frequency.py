"""How many of a corpus's rarest words a draw by rarity keeps, and what effective size it costs.

A tenth of the documents is drawn plainly and by rarity, with the same seeds, and the word types that one or
two documents have are counted in both draws. Two corpora: a generated one in which a twentieth of the
documents carries the tail (case reports among web pages), and the shared `lmtext` in pieces of 1,500
characters, where nearly every piece has some rare word and little can be gained. Beside them: the ratio of
the logarithms in place of their difference, and an oracle that weights by the true number of such words.
"""

import gzip
import json
import math
from collections import Counter
from itertools import pairwise
from statistics import mean
from typing import Any, NamedTuple

import numpy as np

from benchmarks.corpus import SHARED_DATA
from wellspring.signals.mix.low_frequency import WeightSums, multiplicity
from wellspring.signals.mix.rarity import FEWEST_WORDS, FUNCTION_WORDS, content_keys, rarities
from wellspring.signals.stats.count_min import CountMin
from wellspring.signals.stats.hashing import stable_hash
from wellspring.signals.stats.log_histogram import LogHistogram
from wellspring.signals.stats.weighted_sample import Item, WeightedDraw, sampling_key, uniform
from wellspring.signals.text.words import words_of

GOAL_KEPT, GOAL_EFFECTIVE = 1.5, 0.5
STRENGTHS = (0.25, 0.5, 1.0, 1.5, 2.0)
_TAIL_DOCUMENTS = 20
"""One in so many."""
_SHARE = 10
_PIECE = 1500


class Corpus(NamedTuple):
    """Documents by their content words' keys, and those of them that one or two documents have."""

    keys: list[Any]
    tail: list[list[int]]
    rarities: list[float | None]
    median: float


def planted_texts(documents: int) -> list[str]:
    """60 words each of a Zipf distribution over a quarter as many types as documents; in one document of
    twenty, six of the words are planted ones that one or two documents have."""
    edges = np.cumsum(1 / np.arange(1.0, documents // 4 + 1))
    planted = range(0, documents, _TAIL_DOCUMENTS)
    texts = []
    for number in range(documents):
        draws = np.array([stable_hash(f"{number} {i}", "planted") / 2**64 for i in range(60)])
        words = [f"w{rank}" for rank in np.searchsorted(edges, draws * edges[-1]).tolist()]
        if number in planted:
            # Three words of its own, and three that it shares with the next such document.
            place = number // _TAIL_DOCUMENTS
            words[:6] = [f"own{number}x{i}" for i in range(3)] + [f"both{place // 2}x{i}" for i in range(3)]
        texts.append(" ".join(words))
    return texts


def natural_texts(documents: int) -> list[str]:
    """Pieces of the shared human text, chosen by hash; none where it isn't there."""
    pieces = []
    for path in sorted((SHARED_DATA / "lmtext").glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                starts = range(0, len(row["text"]) - _PIECE // 2, _PIECE)
                pieces += [(f"{path.name} {row['id']} {at}", row["text"][at : at + _PIECE]) for at in starts]
    return [text for _, text in sorted(pieces, key=lambda p: stable_hash(p[0], "piece"))[:documents]]


def corpus_of(texts: list[str]) -> Corpus:
    keys = [content_keys(text) for text in texts]
    counted, middle = CountMin(), LogHistogram()
    counted.add_documents(keys)
    exact = Counter(key for of_document in keys for key in of_document.tolist())
    values = rarities(keys, counted)
    middle.add_all(np.array([value for value in values if value is not None]))
    tail = [[key for key in of_document.tolist() if exact[key] <= 2] for of_document in keys]
    return Corpus(keys, tail, values, middle.quantile(0.5) or 0.0)


def spread(texts: list[str]) -> dict[str, Any]:
    """Of content words and of pairs of them: how many types there are, and where the tenth and the
    ninetieth percentile of rarity lie against its median. Counted exactly."""
    words = [[w for w in words_of(t) if w not in FUNCTION_WORDS and not w.isdecimal()] for t in texts]
    found = {}
    for name, documents in (
        ("words", [set(of) for of in words]),
        ("pairs", [set(pairwise(of)) for of in words]),
    ):
        count = Counter(type_ for types in documents for type_ in types)
        values = [
            mean(max(0.0, math.log(len(texts) / (count[type_] + 1))) for type_ in types)
            for types in documents
            if len(types) >= FEWEST_WORDS
        ]
        low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
        found[name] = {"types": len(count), "p10": round(low / middle, 3), "p90": round(high / middle, 3)}
    return found


def kept(corpus: Corpus, weights: list[float], seed: int) -> int:
    """Tail words in a draw of a tenth of the documents."""
    draw = WeightedDraw(len(weights) // _SHARE)
    for number, weight in enumerate(weights):
        draw.add(Item(sampling_key(uniform(seed, str(number)), weight), str(number)))
    return len({key for item in draw.drawn() for key in corpus.tail[int(item.id)]})


def gains(corpus: Corpus, weightings: dict[str, list[float]], draws: int) -> dict[str, dict[str, float]]:
    """Name -> {kept: times what plain draws keep, effective_share, mean_weight}."""
    plain = [kept(corpus, [1.0] * len(corpus.keys), seed) for seed in range(draws)]
    results = {}
    for name, weights in weightings.items():
        sums = WeightSums.of(weights)
        ratios = [kept(corpus, weights, seed) / max(plain[seed], 1) for seed in range(draws)]
        results[name] = {
            "kept": round(mean(ratios), 3),
            "effective_share": round(sums.effective_sample_size / sums.n, 3),
            "mean_weight": round(sums.mean, 3),
        }
    return results


def _weightings(corpus: Corpus) -> dict[str, list[float]]:
    median = corpus.median
    by_strength = {
        f"strength {s:g}": [multiplicity(r, median, strength=s) for r in corpus.rarities] for s in STRENGTHS
    }
    by_logs = {
        f"ratio of logs, strength {s:g}": [
            1.0 if r is None else min(max(r / median, 1.0) ** s, 4.0) for r in corpus.rarities
        ]
        for s in (0.5, 2.0, 8.0)
    }
    middle = sorted(map(len, corpus.tail))[len(corpus.tail) // 2]
    oracle = [min(max(len(t) / max(middle, 0.25), 1.0), 4.0) for t in corpus.tail]
    return {**by_strength, **by_logs, "oracle": oracle}


def run(runs: int = 1, documents: int = 20_000, draws: int = 10) -> dict[str, Any]:
    """The same figures each time: `runs` is not used."""
    results = {}
    natural = natural_texts(documents)
    spreads = spread(natural) if natural else {}
    for name, texts in (("planted", planted_texts(documents)), ("lmtext", natural)):
        if texts:
            corpus = corpus_of(texts)
            results[name] = gains(corpus, _weightings(corpus), draws)
            results[name]["corpus"] = {
                "documents": len(texts),
                "tail_words": len({key for tail in corpus.tail for key in tail}),
                "documents_with_tail_words": sum(map(bool, corpus.tail)),
            }
    chosen = {name: of_corpus["strength 1"] for name, of_corpus in results.items()}
    return {
        "what": "words of one or two documents in a tenth drawn by rarity, against plain draws of that size",
        "goal": f"{GOAL_KEPT:g} times as many on the planted tail, effective size {GOAL_EFFECTIVE:g} n",
        "measured": "; ".join(
            f"{name}, strength 1: {of['kept']:.2f} times at {of['effective_share']:.2f} n"
            for name, of in chosen.items()
        ),
        "met": chosen["planted"]["kept"] >= GOAL_KEPT
        and chosen["planted"]["effective_share"] >= GOAL_EFFECTIVE,
        "lines": [
            f"{corpus}, {name}: {of['kept']:.2f} times at {of['effective_share']:.2f} n"
            for corpus, of_corpus in results.items()
            for name, of in of_corpus.items()
            if name != "corpus"
        ]
        + [
            f"lmtext, {name}: {of['types']:,} types; rarity's p10 and p90 at {of['p10']:.2f} and "
            f"{of['p90']:.2f} of its median"
            for name, of in spreads.items()
        ],
        "spread_of_rarity": spreads,
        "results": results,
        "runs": runs,
    }

"""Accuracy of verdicts on labelled text, with intervals whose unit is the prompt."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from wellspring.schemas.accuracy import Accuracy, Figure, Figures, Judged, Operating
from wellspring.signals.stats.roc import (
    calibration_error,
    roc_auc_interval,
    share_interval,
    true_positive_rate_at,
)

LONG = 150
PREVALENCES = (0.01, 0.1, 0.5)
_LENGTHS = ((0, 74), (75, 149), (150, 299), (300, 599), (600, None))
_CURVE_POINTS = 400
_BINS = 10


def accuracy(judged: Sequence[Judged]) -> Accuracy:
    """Figures of all documents and of each group of them.

    Raises:
        ValueError: there are no documents.
    """
    if not judged:
        raise ValueError("no documents: nothing to evaluate")
    known = [each for each in judged if each.probability is not None]
    counted = [
        each
        if each.probability is not None
        else msgspec.structs.replace(each, probability=0.5, flagged=False)
        for each in judged
    ]
    return Accuracy(
        documents=len(judged),
        abstained=len(judged) - len(known),
        judged=figures(known),
        all=figures(counted),
        by={
            "collection": _grouped(known, lambda each: each.collection),
            "source": _grouped(known, lambda each: each.source),
            "domain": _grouped(known, lambda each: each.domain or "unknown"),
            "generator": _by_generator(known),
            "length": {name: figures(of) for name, of in _by_length(known).items()},
        },
        curves=_curves(known),
    )


def mean_over_collections(result: Accuracy, without: str | None = None) -> dict[str, float | None]:
    """Mean over the collections that hold both labels of each one's figures: ROC AUC, precision and recall
    of the verdict and at probability 0.5, TPR at 1% FPR of long documents, calibration error.
    """
    chosen = [
        each
        for name, each in result.by["collection"].items()
        if name != without and each.human and each.synthetic
    ]

    def mean(value: Callable[[Figures], float | None]) -> float | None:
        values = [v for each in chosen if (v := value(each)) is not None]
        return float(np.mean(values)) if values else None

    return {
        "roc_auc": mean(lambda f: _value(f.roc_auc)),
        "precision": mean(lambda f: f.verdict.precision["50%"] if f.verdict else None),
        "recall": mean(lambda f: _value(f.verdict.recall if f.verdict else None)),
        "false_positive_rate": mean(lambda f: _value(f.verdict.false_positive_rate if f.verdict else None)),
        "precision_at_half": mean(lambda f: f.at_half.precision["50%"] if f.at_half else None),
        "recall_at_half": mean(lambda f: _value(f.at_half.recall if f.at_half else None)),
        "tpr_at_1": mean(lambda f: f.tpr_at_1),
        "tpr_at_1_long": mean(lambda f: f.tpr_at_1_long),
        "calibration_error": mean(lambda f: f.calibration_error),
    }


def figures(judged: Sequence[Judged]) -> Figures:
    """The figures of documents that all have a probability."""
    synthetic = np.array([each.synthetic for each in judged], dtype=bool)
    human_count, synthetic_count = int((~synthetic).sum()), int(synthetic.sum())
    if not judged:
        return Figures(human=0, synthetic=0)
    scores = np.array([each.probability for each in judged], dtype=np.float64)
    flagged = np.array([each.flagged for each in judged], dtype=bool)
    prompts = np.unique([each.prompt for each in judged], return_inverse=True)[1]
    verdict = _operating(flagged, synthetic, prompts)
    at_half = _operating(scores >= 0.5, synthetic, prompts)
    if not human_count or not synthetic_count:
        return Figures(human=human_count, synthetic=synthetic_count, verdict=verdict, at_half=at_half)
    long = np.array([each.words >= LONG for each in judged], dtype=bool)
    even = np.where(synthetic, 0.5 / synthetic_count, 0.5 / human_count)
    both_long = bool((synthetic & long).any() and (~synthetic & long).any())
    return Figures(
        human=human_count,
        synthetic=synthetic_count,
        roc_auc=Figure(*roc_auc_interval(scores, synthetic, prompts)),
        verdict=verdict,
        at_half=at_half,
        tpr_at_1=true_positive_rate_at(scores, synthetic, 0.01)[0],
        tpr_at_5=true_positive_rate_at(scores, synthetic, 0.05)[0],
        tpr_at_1_long=true_positive_rate_at(scores[long], synthetic[long], 0.01)[0] if both_long else None,
        calibration_error=calibration_error(scores, synthetic, even),
        brier=float((even * (scores - synthetic) ** 2).sum()),
    )


def _value(figure: Figure | None) -> float | None:
    return None if figure is None else figure.value


def precision_at(recall: float, false_positive_rate: float, prevalence: float) -> float | None:
    """Precision where so large a share of the text is synthetic; null where nothing is flagged."""
    found, false_alarms = recall * prevalence, false_positive_rate * (1 - prevalence)
    return found / (found + false_alarms) if found + false_alarms else None


def _operating(
    flagged: NDArray[np.bool_], synthetic: NDArray[np.bool_], prompts: NDArray[np.int64]
) -> Operating:
    recall = _share(flagged[synthetic], prompts[synthetic])
    false_positives = _share(flagged[~synthetic], prompts[~synthetic])
    precision = {
        f"{prevalence:.0%}": precision_at(recall.value, false_positives.value, prevalence)
        if recall and false_positives
        else None
        for prevalence in PREVALENCES
    }
    return Operating(recall=recall, false_positive_rate=false_positives, precision=precision)


def _share(flagged: NDArray[np.bool_], prompts: NDArray[np.int64]) -> Figure | None:
    return Figure(*share_interval(flagged, prompts)) if len(flagged) else None


def _grouped(judged: Sequence[Judged], key: Callable[[Judged], str]) -> dict[str, Figures]:
    groups: dict[str, list[Judged]] = defaultdict(list)
    for each in judged:
        groups[key(each)].append(each)
    return {name: figures(groups[name]) for name in sorted(groups)}


def _by_generator(judged: Sequence[Judged]) -> dict[str, Figures]:
    sources: dict[str, set[str]] = defaultdict(set)
    texts: dict[str, list[Judged]] = defaultdict(list)
    human: dict[str, list[Judged]] = defaultdict(list)
    for each in judged:
        if each.synthetic:
            sources[each.generator or "unknown"].add(each.source)
            texts[each.generator or "unknown"].append(each)
        else:
            human[each.source].append(each)
    return {
        name: figures(texts[name] + [each for source in sorted(sources[name]) for each in human[source]])
        for name in sorted(texts)
    }


def _by_length(judged: Sequence[Judged]) -> dict[str, list[Judged]]:
    bands = {}
    for low, high in _LENGTHS:
        name = f"{low}-{high} words" if high is not None else f"{low} words and more"
        bands[name] = [each for each in judged if low <= each.words and (high is None or each.words <= high)]
    return {name: each for name, each in bands.items() if each}


def _curves(judged: Sequence[Judged]) -> dict[str, list[tuple[float, float]]]:
    synthetic = np.array([each.synthetic for each in judged], dtype=bool)
    if not synthetic.any() or synthetic.all():
        return {"roc": [], "reliability": []}
    scores = np.array([each.probability for each in judged], dtype=np.float64)
    order = np.argsort(-scores, kind="stable")
    last_of_ties = np.append(np.diff(scores[order]) != 0, True)
    true = (np.cumsum(synthetic[order]) / synthetic.sum())[last_of_ties]
    false = (np.cumsum(~synthetic[order]) / (~synthetic).sum())[last_of_ties]
    # Every point near the left edge, where a detector is used, and some of the rest.
    kept = np.unique(np.searchsorted(false, np.concatenate([[0], np.geomspace(1e-4, 1, _CURVE_POINTS)])))
    kept = kept[kept < len(false)]
    roc = [(0.0, 0.0), *zip(false[kept].tolist(), true[kept].tolist(), strict=True), (1.0, 1.0)]
    even = np.where(synthetic, 0.5 / synthetic.sum(), 0.5 / (~synthetic).sum())
    bin_of = np.minimum((scores * _BINS).astype(int), _BINS - 1)
    weight = np.bincount(bin_of, weights=even, minlength=_BINS)
    said = np.bincount(bin_of, weights=even * scores, minlength=_BINS)
    was = np.bincount(bin_of, weights=even * synthetic, minlength=_BINS)
    reliability = [(said[i] / weight[i], was[i] / weight[i]) for i in range(_BINS) if weight[i] > 0]
    return {"roc": roc, "reliability": [(float(x), float(y)) for x, y in reliability]}

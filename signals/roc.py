"""Ranking: how well scores separate two labels, whatever threshold is set later."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit
from scipy.stats import rankdata

Scores = NDArray[np.float64]
Labels = NDArray[np.bool_]


class Interval(NamedTuple):
    """A figure with its 95% interval."""

    value: float
    low: float
    high: float


def roc_auc(scores: Scores, positive: Labels) -> float:
    """Share of (positive, negative) pairs in which the positive scores higher, ties half."""
    positives, negatives = int(positive.sum()), int((~positive).sum())
    ranks = rankdata(scores)[positive].sum() - positives * (positives + 1) / 2
    return float(ranks / (positives * negatives))


def roc_auc_interval(scores: Scores, positive: Labels, clusters: NDArray[np.int64]) -> Interval:
    """ROC AUC with an interval whose unit is the cluster (a prompt: its texts are not independent).

    DeLong's placement values (1988), summed by cluster as in Obuchowski (1997); t quantile of the number
    of clusters - 1; clipped to [0, 1].
    """
    area = roc_auc(scores, positive)
    ranks = rankdata(scores)
    placements = np.empty(len(scores))
    positives, negatives = int(positive.sum()), int((~positive).sum())
    placements[positive] = (ranks[positive] - rankdata(scores[positive])) / negatives
    placements[~positive] = 1 - (ranks[~positive] - rankdata(scores[~positive])) / positives
    share = np.where(positive, 1 / positives, 1 / negatives) * (placements - area)
    return _clustered(area, share, clusters)


def share_interval(hits: Labels, clusters: NDArray[np.int64], weights: Scores | None = None) -> Interval:
    """A (weighted) share of documents with an interval by clusters.

    Where no document or every one is a hit, the bound is that of the rule of three: 3 / clusters.
    """
    weights = np.ones(len(hits)) if weights is None else weights
    share = float((hits * weights).sum() / weights.sum())
    count = len(np.unique(clusters))
    if share in (0.0, 1.0):
        room = min(3 / count, 1.0)
        return Interval(share, max(share - room, 0.0), min(share + room, 1.0))
    return _clustered(share, weights * (hits - share) / weights.sum(), clusters)


def _clustered(value: float, influence: Scores, clusters: NDArray[np.int64]) -> Interval:
    sums = np.bincount(np.unique(clusters, return_inverse=True)[1], weights=influence)
    if len(sums) < 2:
        return Interval(value, 0.0, 1.0)
    half = float(stdtrit(len(sums) - 1, 0.975)) * math.sqrt(len(sums) / (len(sums) - 1) * float(sums @ sums))
    return Interval(value, max(value - half, 0.0), min(value + half, 1.0))


def true_positive_rate_at(scores: Scores, positive: Labels, max_fpr: float) -> tuple[float, float]:
    """(share of positives above it, threshold): the lowest threshold that at most `max_fpr` of the negatives
    lie above. In sample: on few negatives it is rough, `signals.error_bound` is the one with a promise."""
    descending = np.sort(scores[~positive])[::-1]
    threshold = float(descending[int(max_fpr * len(descending))])
    return float((scores[positive] > threshold).mean()), threshold


def calibration_error(probabilities: Scores, positive: Labels, weights: Scores, bins: int = 10) -> float:
    """Expected calibration error: weighted mean of |share of positives - mean probability| over bins that
    hold equal weight."""
    order = np.argsort(probabilities, kind="stable")
    passed = np.cumsum(weights[order])
    bin_of = np.minimum((passed / passed[-1] * bins).astype(int), bins - 1)
    gaps = np.bincount(
        bin_of, weights=weights[order] * (positive[order] - probabilities[order]), minlength=bins
    )
    return float(np.abs(gaps).sum() / weights.sum())

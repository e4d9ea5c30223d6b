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


def share_interval(hits: Labels, clusters: NDArray[np.int64]) -> Interval:
    """A share of documents with an interval by clusters that stays within 0 and 1.

    Wilson's (1927), with the t quantile of the clusters, on as many documents as would, if they were
    independent, give the standard error that the clusters give; where no document or every one is a hit, on
    as many as there are clusters. One cluster says nothing.
    """
    share = float(hits.mean())
    numbers = np.unique(clusters, return_inverse=True)[1]
    count = int(numbers.max()) + 1
    if count < 2:
        return Interval(share, 0.0, 1.0)
    sums = np.bincount(numbers, weights=(hits - share) / len(hits))
    variance = count / (count - 1) * float(sums @ sums)
    of_one = share * (1 - share)
    n = count if not of_one else min(of_one / variance, len(hits)) if variance else len(hits)
    t = float(stdtrit(count - 1, 0.975))
    middle, room = share + t**2 / (2 * n), t * math.sqrt(of_one / n + t**2 / (4 * n**2))
    low, high = (middle - room) / (1 + t**2 / n), (middle + room) / (1 + t**2 / n)
    return Interval(share, max(low, 0.0) if share else 0.0, min(high, 1.0) if share < 1 else 1.0)


def _clustered(value: float, influence: Scores, clusters: NDArray[np.int64]) -> Interval:
    sums = np.bincount(np.unique(clusters, return_inverse=True)[1], weights=influence)
    if len(sums) < 2:
        return Interval(value, 0.0, 1.0)
    half = float(stdtrit(len(sums) - 1, 0.975)) * math.sqrt(len(sums) / (len(sums) - 1) * float(sums @ sums))
    return Interval(value, max(value - half, 0.0), min(value + half, 1.0))


def true_positive_rate_at(scores: Scores, positive: Labels, max_fpr: float) -> tuple[float, float]:
    """(share of positives above it, threshold): the lowest threshold that at most `max_fpr` of the negatives
    lie above. In sample, so rough on few negatives: `calibration.error_bound` is the one with a promise.
    """
    descending = np.sort(scores[~positive])[::-1]
    threshold = float(descending[int(max_fpr * len(descending))])
    return float((scores[positive] > threshold).mean()), threshold


def calibration_error(probabilities: Scores, positive: Labels, weights: Scores, bins: int = 10) -> float:
    """Expected calibration error: weighted mean of |share of positives - mean probability| over bins that
    hold equal weight.
    """
    order = np.argsort(probabilities, kind="stable")
    passed = np.cumsum(weights[order])
    bin_of = np.minimum((passed / passed[-1] * bins).astype(int), bins - 1)
    gaps = np.bincount(
        bin_of, weights=weights[order] * (positive[order] - probabilities[order]), minlength=bins
    )
    return float(np.abs(gaps).sum() / weights.sum())

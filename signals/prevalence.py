"""How much of the text is synthetic, without the bias of counting verdicts.

Where 1% is synthetic, a detector that wrongs 5% of human text counts six times as much. Both estimates
assume that text of each label scores as it did on left-out labelled text: a new model or genre breaks that,
and no interval shows it.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.classifier import LeftOut, Operating

BINS = 100
_MERGED = 20
_ROUNDS = 500
_CLOSE = 1e-9
_Z = 1.96


class Share(NamedTuple):
    """A share with its 95% interval, all in 0..1."""

    value: float
    low: float
    high: float


def probability_bin(probability: float) -> int:
    """The bin of a probability, 0..99."""
    return min(int(probability * BINS), BINS - 1)


def adjusted_count(flagged: int, documents: int, operating: Operating) -> Share | None:
    """(q - FPR) / (TPR - FPR), clipped: the share flagged, corrected by the verdict's error rates.

    The interval counts the documents and the labelled texts that the rates came from (delta method).
    None where the verdict tells nothing apart.

    Args:
        flagged: of `documents` > 0, those with verdict SYNTHETIC.
    """
    if not operating.synthetic or not operating.human:
        return None
    true = operating.true_positives / operating.synthetic
    false = operating.false_positives / operating.human
    if true <= false:
        return None
    share = flagged / documents
    value = (share - false) / (true - false)
    inside = min(max(value, 0.0), 1.0)
    variance = share * (1 - share) / documents
    variance += inside**2 * true * (1 - true) / operating.synthetic
    variance += (1 - inside) ** 2 * false * (1 - false) / operating.human
    half = _Z * math.sqrt(variance) / (true - false)
    return Share(inside, max(value - half, 0.0), min(max(value + half, 0.0), 1.0))


def estimated_share(counts: Sequence[int], left_out: LeftOut) -> Share | None:
    """Maximum-likelihood share of synthetic text, by EM over the probabilities' distribution.

    Saerens, Latinne and Decaestecker (2002), with the posterior of each bin taken from left-out text. The
    interval is Wald's, from the information of the documents and the uncertainty of the two distributions.

    Args:
        counts: documents by probability, in 100 equal bins of [0, 1].
    """
    n, s, h = (_merged(each) for each in (counts, left_out.synthetic, left_out.human))
    total, synthetic_count, human_count = n.sum(), s.sum(), h.sum()
    if not total or not synthetic_count or not human_count:
        return None
    # Half a text in each bin: none of them proves that a probability can't occur.
    synthetic, human = (s + 0.5) / (s + 0.5).sum(), (h + 0.5) / (h + 0.5).sum()
    share = 0.5
    for _ in range(_ROUNDS):
        mixture = share * synthetic + (1 - share) * human
        better = float((n * share * synthetic / mixture).sum() / total)
        if abs(better - share) < _CLOSE:
            break
        share = better
    mixture = share * synthetic + (1 - share) * human
    information = float((n * ((synthetic - human) / mixture) ** 2).sum())
    if information <= 0:
        return None
    variance = 1 / information
    variance += _multinomial(n * human / mixture**2, synthetic, synthetic_count) / information**2
    variance += _multinomial(n * synthetic / mixture**2, human, human_count) / information**2
    half = _Z * math.sqrt(variance)
    return Share(share, max(share - half, 0.0), min(share + half, 1.0))


def _merged(counts: Sequence[int]) -> NDArray[np.float64]:
    merged: NDArray[np.float64] = np.asarray(counts, dtype=np.float64).reshape(_MERGED, -1).sum(axis=1)
    return merged


def _multinomial(slopes: NDArray[np.float64], shares: NDArray[np.float64], count: float) -> float:
    """Variance of sum(slopes * shares) when the shares come from `count` draws."""
    return float(((slopes**2 * shares).sum() - (slopes * shares).sum() ** 2) / count)

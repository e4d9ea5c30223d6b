"""How much of the text is synthetic, without the bias of counting verdicts.

Where 1% is synthetic, a detector that wrongs 5% of human text counts six times as much; one that finds a
quarter of the synthetic text counts a quarter of it. Both estimates assume that text of each label scores as
it did on left-out labelled text. A new genre or model breaks that: what of it shows as a misfit widens the
interval, what looks like another share doesn't show.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from wellspring.schemas.classifier import LeftOut, Operating

BINS = 100
_MERGED = 20
_HALVINGS = 40
_Z = 1.959964
_ONE_SIDED = 0.025

Vector = NDArray[np.float64]


class Share(NamedTuple):
    """A share with its 95% interval, all in 0..1."""

    value: float
    low: float
    high: float


class Estimated(NamedTuple):
    """A share with its 95% interval in 0..1, and the misfit >= 1 by whose root it was widened."""

    value: float
    low: float
    high: float
    misfit: float


class _Mixture(NamedTuple):
    """Documents by category, and what share of human and of synthetic text falls into each."""

    documents: Vector
    human: Vector
    synthetic: Vector
    human_texts: float
    synthetic_texts: float


def probability_bin(probability: float) -> int:
    """The bin of a probability, 0..99."""
    return min(int(probability * BINS), BINS - 1)


def adjusted_count(flagged: int, documents: int, operating: Operating, misfit: float = 1.0) -> Share | None:
    """(q - FPR) / (TPR - FPR), clipped: the share flagged, corrected by the verdict's error rates.

    None where the verdict tells nothing apart on the texts that the rates come from.

    Args:
        flagged: of `documents` > 0, those with verdict SYNTHETIC.
        misfit: of their probabilities (`estimated_share`); the interval is wider by its root.
    """
    if not operating.synthetic or not operating.human:
        return None
    true = operating.true_positives / operating.synthetic
    false = operating.false_positives / operating.human
    if true <= false:
        return None
    value = min(max((flagged / documents - false) / (true - false), 0.0), 1.0)
    mixture = _mixture(
        (documents - flagged, flagged),
        (operating.human - operating.false_positives, operating.false_positives),
        (operating.synthetic - operating.true_positives, operating.true_positives),
    )
    return Share(value, *_interval(mixture, value, misfit))


def estimated_share(counts: Sequence[int], left_out: LeftOut) -> Estimated | None:
    """Maximum-likelihood share of synthetic text: the fixed point of EM over the probabilities.

    pi = mean of p pi / (p pi + (1 - p)(1 - pi)) over the documents (Saerens, Latinne and Decaestecker 2002),
    where p, at even prevalence, is that of the document's bin on left-out text, so that a classifier that is
    off there is put right. The likelihood is concave in pi: its root is found by halving. None where there
    are no documents or a label has no left-out text.

    Args:
        counts: documents by probability, in 100 equal bins of [0, 1].
    """
    merged = [
        np.reshape(each, (_MERGED, -1)).sum(axis=1) for each in (counts, left_out.human, left_out.synthetic)
    ]
    if not all(each.sum() for each in merged):
        return None
    mixture = _mixture(*merged)
    value = _root(lambda share: float(mixture.documents @ _score(mixture, share)), 0.0, 1.0)
    misfit = _misfit(mixture, value)
    return Estimated(value, *_interval(mixture, value, misfit), misfit)


def least_share(flagged: int, documents: int, operating: Operating) -> float:
    """The share of synthetic text that the flagged ones prove, with 95% confidence.

    q = pi TPR + (1 - pi) FPR with TPR <= 1, so that pi >= (q - FPR) / (1 - FPR); q at its lower, FPR at its
    upper bound of 97.5% (Clopper and Pearson). It assumes that human text is flagged as rarely as left-out
    human text, and nothing of the synthetic text.

    Args:
        flagged: of `documents` > 0, those with verdict SYNTHETIC.
    """
    false_positives, human = operating.false_positives, operating.human
    if not flagged or false_positives >= human:
        return 0.0
    share = float(betaincinv(flagged, documents - flagged + 1, _ONE_SIDED))
    rate = float(betaincinv(false_positives + 1, human - false_positives, 1 - _ONE_SIDED))
    return max((share - rate) / (1 - rate), 0.0)


def _mixture(documents: Sequence[int], human: Sequence[int], synthetic: Sequence[int]) -> _Mixture:
    # Half a text more in each category: no label is proven never to fall into one.
    h, s = np.asarray(human, dtype=np.float64), np.asarray(synthetic, dtype=np.float64)
    n = np.asarray(documents, dtype=np.float64)
    return _Mixture(
        n, (h + 0.5) / (h + 0.5).sum(), (s + 0.5) / (s + 0.5).sum(), float(h.sum()), float(s.sum())
    )


def _score(mixture: _Mixture, share: float) -> Vector:
    """Slope of each category's log-likelihood in the share."""
    expected = share * mixture.synthetic + (1 - share) * mixture.human
    return (mixture.synthetic - mixture.human) / expected


def _misfit(mixture: _Mixture, share: float) -> float:
    """Pearson's statistic over its degrees of freedom, at least 1: how much wider than chance the documents
    lie from the nearest mixture (quasi-likelihood, McCullagh and Nelder 1989, 4.5).
    """
    total = mixture.documents.sum()
    expected = share * mixture.synthetic + (1 - share) * mixture.human
    variance = expected / total + share**2 * mixture.synthetic / mixture.synthetic_texts
    variance += (1 - share) ** 2 * mixture.human / mixture.human_texts
    distance = (mixture.documents / total - expected) ** 2
    return max(float((distance / variance).sum()) / (len(expected) - 2), 1.0)


def _interval(mixture: _Mixture, value: float, misfit: float) -> tuple[float, float]:
    """The shares that a score test doesn't reject.

    For a share t, g is the slope of the log-likelihood at t. Its mean over the documents would be
    t E1[g] + (1 - t) E0[g], with the variance of g over the documents and over the left-out texts of each
    label; the test is two-sided at 5%. Unlike value +- 1.96 standard errors it holds at shares near 0.
    """
    total = float(mixture.documents.sum())

    def excess(share: float) -> float:
        g = _score(mixture, share)
        of_human, of_synthetic = float(mixture.human @ g), float(mixture.synthetic @ g)
        mean = float(mixture.documents @ g) / total
        # Beyond pure human or pure synthetic text there is no share: it is judged as that.
        gap = min(max(mean, of_human), of_synthetic) - share * of_synthetic - (1 - share) * of_human
        spread_human = float(mixture.human @ g**2) - of_human**2
        spread_synthetic = float(mixture.synthetic @ g**2) - of_synthetic**2
        within = share * spread_synthetic + (1 - share) * spread_human
        between = share * (1 - share) * (of_synthetic - of_human) ** 2
        variance = (within + between) / total
        variance += share**2 * spread_synthetic / mixture.synthetic_texts
        variance += (1 - share) ** 2 * spread_human / mixture.human_texts
        return gap**2 - _Z**2 * misfit * variance

    low = 0.0 if excess(0.0) <= 0 else _root(excess, 0.0, value)
    high = 1.0 if excess(1.0) <= 0 else 1 - _root(lambda rest: excess(1 - rest), 0.0, 1 - value)
    return low, high


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    """Where a function that is positive at first crosses zero; an end where it doesn't."""
    if falling(low) <= 0:
        return low
    if falling(high) >= 0:
        return high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if falling(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2

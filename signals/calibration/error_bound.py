"""A threshold with a promise: the false-positive rate that held-back human texts allow one to state."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv

CONFIDENCE = 0.95


class BoundedThreshold(NamedTuple):
    """Flag what lies above `threshold`: at most `bound` of texts like the sample, with 95% confidence."""

    threshold: float
    bound: float
    documents: int


def upper_bound(above: int, documents: int, confidence: float = CONFIDENCE) -> float:
    """Upper bound of the share of all texts above the (above + 1)-th largest of `documents` scores.

    That share is Beta(above + 1, documents - above) distributed whatever the scores' distribution, when
    the texts are exchangeable (order statistics of a uniform distribution; conformal prediction's
    training-conditional bound, Vovk 2012).

    Args:
        above: scores beyond the threshold, 0 <= above < documents.
    """
    return float(betaincinv(above + 1, documents - above, confidence))


def fewest_documents(max_fpr: float, confidence: float = CONFIDENCE) -> int:
    """How many human texts a promise of `max_fpr` takes: 299 for 1%, 59 for 5%.

    So many allow a threshold at the highest score among them.

    Args:
        max_fpr: in (0, 1).
    """
    return math.ceil(math.log1p(-confidence) / math.log1p(-max_fpr))


def bounded_threshold(scores: Sequence[float], max_fpr: float) -> BoundedThreshold | None:
    """The lowest score of a human text above which at most `max_fpr` of such texts lie.

    Args:
        scores: of human texts that the classifier was not fitted on, one a prompt.
        max_fpr: in (0, 1).

    Returns:
        None where the texts are too few to promise it: 299 for 1%, 59 for 5%.
    """
    documents = len(scores)
    counts = np.arange(documents)
    # The bound grows with the count, so that those allowed are the first ones.
    above = int(np.count_nonzero(betaincinv(counts + 1, documents - counts, CONFIDENCE) <= max_fpr)) - 1
    if above < 0:
        return None
    descending = np.sort(np.asarray(scores, dtype=np.float64))[::-1]
    return BoundedThreshold(float(descending[above]), upper_bound(above, documents), documents)

"""Signals of a training batch that a gate can decide on."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.measurements import Measurements
from signals.entropy import TokenIds, token_counts
from signals.intervals import Estimate, ratio_estimate

# Beyond it one document would outweigh a dozen others: exp(8) is 3,000 to one.
LARGEST_LOG_ODDS = 8.0


class Document(NamedTuple):
    """What a batch signal sees of a document: its measurements and its probability of being synthetic."""

    measurements: Measurements
    probability: float | None


def log_odds(probability: float | None) -> float | None:
    """ln(p / (1 - p)), at most 8 either way; None for an abstention."""
    if probability is None:
        return None
    if probability in (0.0, 1.0):
        return math.copysign(LARGEST_LOG_ODDS, probability - 0.5)
    value = math.log(probability / (1 - probability))
    return max(-LARGEST_LOG_ODDS, min(LARGEST_LOG_ODDS, value))


# Each linear signal is sum(x) / sum(w) over the documents that have it.
LINEAR_SIGNALS: dict[str, Callable[[Document], tuple[float, float] | None]] = {
    "cross_entropy_bits": lambda d: (
        None
        if d.measurements.nll is None or not d.measurements.scored_tokens
        else (d.measurements.nll / math.log(2), d.measurements.scored_tokens)
    ),
    "surprisal_spread": lambda d: (
        None
        if d.measurements.surprisal_variance is None
        else (math.sqrt(d.measurements.surprisal_variance), 1.0)
    ),
    "curvature": lambda d: None if d.measurements.curvature is None else (d.measurements.curvature, 1.0),
    "log_rank": lambda d: None if d.measurements.log_rank is None else (d.measurements.log_rank, 1.0),
    "mean_log_odds": lambda d: None if (odds := log_odds(d.probability)) is None else (odds, 1.0),
}
UNIGRAM_ENTROPY = "entropy_bits"
OF_THE_SCORER = frozenset(LINEAR_SIGNALS) - {"mean_log_odds"}
"""Undefined without a scorer."""


def linear_signal(name: str, documents: Sequence[Document]) -> Estimate | None:
    """A linear signal of a batch with its interval; None where no document has it.

    cross_entropy_bits: mean bits a token under the scorer. surprisal_spread: mean over documents
    of the standard deviation of surprisal, nats. curvature, log_rank, mean_log_odds: means over
    documents.
    """
    pairs = [pair for d in documents if (pair := LINEAR_SIGNALS[name](d)) is not None]
    if not pairs:
        return None
    x, w = np.array(pairs, dtype=np.float64).T
    return ratio_estimate(x, w)


def unigram_entropy_estimate(token_ids: Sequence[TokenIds], vocab_size: int) -> Estimate:
    """Plug-in unigram entropy of the batch in bits, with a cluster-robust delta-method interval.

    The influence of a token t is -log2 p(t) - H; a document's is the sum over its tokens. The
    plug-in bias is not removed: the interval is for the plug-in value itself.

    Raises:
        ValueError: there are no tokens, or an id lies outside the vocabulary.
    """
    counts = token_counts(token_ids, vocab_size)
    total = int(counts.sum())
    information = np.zeros(vocab_size)
    seen = counts > 0
    information[seen] = math.log2(total) - np.log2(counts[seen].astype(np.float64))
    x: NDArray[np.float64] = np.array([math.fsum(information[ids]) for ids in token_ids])
    w = np.array([len(ids) for ids in token_ids], dtype=np.float64)
    return ratio_estimate(x, w)

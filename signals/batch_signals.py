"""Signals of a training batch that a gate can decide on."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from schemas.measurements import Measurements
from signals.entropy import TokenIds, token_counts
from signals.intervals import Estimate, ratio_estimate

# Each linear signal is sum(x) / sum(w) over the documents that have it.
LINEAR_SIGNALS: dict[str, Callable[[Measurements], tuple[float, float] | None]] = {
    "cross_entropy_bits": lambda m: (
        None if m.nll is None or not m.scored_tokens else (m.nll / math.log(2), m.scored_tokens)
    ),
    "surprisal_spread": lambda m: (
        None if m.surprisal_variance is None else (math.sqrt(m.surprisal_variance), 1.0)
    ),
    "curvature": lambda m: None if m.curvature is None else (m.curvature, 1.0),
    "log_rank": lambda m: None if m.log_rank is None else (m.log_rank, 1.0),
}
UNIGRAM_ENTROPY = "entropy_bits"
GATE_SIGNALS = (UNIGRAM_ENTROPY, *LINEAR_SIGNALS)


def linear_signal(name: str, measurements: Sequence[Measurements]) -> Estimate | None:
    """A linear signal of a batch with its interval; None where no document has it.

    cross_entropy_bits: mean bits a token under the scorer. surprisal_spread: mean over documents
    of the standard deviation of surprisal, nats. curvature, log_rank: means over documents.
    """
    pairs = [pair for m in measurements if (pair := LINEAR_SIGNALS[name](m)) is not None]
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


def estimate_signal(
    name: str, measurements: Sequence[Measurements], token_ids: Sequence[TokenIds], vocab_size: int
) -> Estimate | None:
    """Any signal of `GATE_SIGNALS`; None where no document of the batch has it."""
    if name == UNIGRAM_ENTROPY:
        return unigram_entropy_estimate(token_ids, vocab_size)
    return linear_signal(name, measurements)

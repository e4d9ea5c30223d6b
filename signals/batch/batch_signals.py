"""Signals of a training batch that a gate can decide on."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from wellspring.schemas.measurements import Measurements
from wellspring.signals.stats.intervals import Estimate
from wellspring.signals.stats.ratio_sums import RatioSums

# Beyond it one document would outweigh a dozen others: exp(8) is 3,000 to one.
LARGEST_LOG_ODDS = 8.0
CONFIDENT = 0.95
"""Human documents rarely reach this probability in any source, and so the share that does varies far less
from source to source than their mean log-odds, for which a formal register is enough."""


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
    "confident_share": lambda d: None if d.probability is None else (float(d.probability > CONFIDENT), 1.0),
    "binoculars": lambda d: None if d.measurements.binoculars is None else (d.measurements.binoculars, 1.0),
    "mattr": lambda d: None if d.measurements.mattr is None else (d.measurements.mattr, 1.0),
}
UNIGRAM_ENTROPY = "entropy_bits"
SHARES_OF_DOCUMENTS = frozenset({"confident_share"})
OF_THE_SCORER = frozenset(LINEAR_SIGNALS) - {"mean_log_odds", "confident_share", "mattr"}
"""Undefined without a scorer."""


def linear_signal(name: str, documents: Sequence[Document]) -> Estimate | None:
    """A linear signal of a batch with its interval; None where no document has it.

    cross_entropy_bits: mean bits per token under the scorer. surprisal_spread: mean over documents
    of the standard deviation of surprisal, nats. confident_share: share of judged documents whose
    probability is above 95%. curvature, log_rank, mean_log_odds, binoculars, mattr: means over documents.
    """
    pairs = [pair for d in documents if (pair := LINEAR_SIGNALS[name](d)) is not None]
    if not pairs:
        return None
    return RatioSums.of(pairs).estimate()

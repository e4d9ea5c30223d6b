"""Limits of the batch gate: one-sided prediction bounds for a human batch."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc, expit, stdtrit

from wellspring.schemas.profile import Direction, Limit

HELD_HUMAN = 0.02
"""Share of all-human batches that a gate may hold."""
_NODES = (np.arange(400) + 0.5) / 400
"""Ranks at which a t variable is taken, for a mean over it."""


def quantile(freedom: int, tests: int) -> float:
    """Student's t that a human batch passes with probability 98%, or for one of several tests that share
    the 2%.
    """
    return float(stdtrit(freedom, 1 - HELD_HUMAN / tests))


def prediction_limit(mean: float, spread: float, batches: int, direction: Direction, tests: int = 1) -> Limit:
    """The one-sided 98% prediction bound for one more value, by Student's t.

    Args:
        spread: standard deviation of the values; batches: how many gave it, >= 2. tests: how many share
            the 2%.
    """
    reach = quantile(batches - 1, tests) * spread * math.sqrt(1 + 1 / batches)
    limit = mean + (reach if direction == "above" else -reach)
    return Limit(limit=limit, batches=batches, mean=mean, spread=spread)


def unknown_source_limit(
    means: NDArray[np.float64], within: float, direction: Direction, tests: int = 1
) -> Limit:
    """The limit for a source never seen, from the human batches of others.

    A batch of a new source is one draw of N(mean, spread^2), spread over sources and batches together.

    Args:
        means: of the batches of each source. within: mean variance of batches of one source.
    """
    spread = math.sqrt(means.var(ddof=1) + within)
    return prediction_limit(float(means.mean()), spread, len(means), direction, tests)


def unknown_source_share_limit(
    hits: NDArray[np.int64], documents: NDArray[np.int64], size: int, tests: int = 1
) -> Limit:
    """The upper limit for a share of documents that is next to nothing in most sources.

    Shares near 0 are no normal distribution, and a source of 70 documents without a hit is no proof of 0.
    The log-odds of each source's share, ln (h + 1/2) / (n - h + 1/2), are taken for normal over sources;
    a new source's are then a t variable, and the hits in its batch a binomial draw. The limit is the least
    count that at most 2% of such batches pass. (Their spread is too large, since sources without a hit
    differ by their size: the limit errs on the side of passing.)

    Args:
        hits, documents: of each source's human text. size: documents per batch.
    """
    odds = np.log((hits + 0.5) / (documents - hits + 0.5))
    sources = len(odds)
    spread = float(odds.std(ddof=1)) * math.sqrt(1 + 1 / sources)
    shares = expit(odds.mean() + spread * stdtrit(sources - 1, _NODES))
    above = bdtrc(np.arange(size)[:, None], size, shares[None, :]).mean(axis=1)
    passing = np.flatnonzero(above <= HELD_HUMAN / tests)
    rates = hits / documents
    return Limit(
        limit=(int(passing[0]) if len(passing) else size) / size,
        batches=sources,
        mean=float(rates.mean()),
        spread=float(rates.std(ddof=1)),
    )


def baseline_limits(
    audited: Mapping[str, Sequence[tuple[float, float]]], direction: Direction, tests: int = 1
) -> dict[str, Limit]:
    """Limits by stratum from (value, standard error) of the batches of earlier, human crawls.

    The spread of a stratum is that of its batches, or what their own intervals say where that is more;
    strata with one batch are left out.
    """
    limits = {}
    for stratum, batches in sorted(audited.items()):
        if len(batches) < 2:
            continue
        values, errors = np.array(batches, dtype=np.float64).T
        spread = max(float(values.std(ddof=1)), float(np.sqrt(np.mean(errors**2))))
        limits[stratum] = prediction_limit(float(values.mean()), spread, len(values), direction, tests)
    return limits

"""How many types a text has in effect: Hill's numbers, rarefied to a common size.

D0 is the number of types, D1 = exp(Shannon's entropy in nats), D2 = 1 / sum p^2. A longer text has more
of each, so texts are compared at one size: what a random part of n tokens would show on average, by the
exact formula of Chao et al. (2014): f_k(n), the types expected k times in n tokens, take the counts' place.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from wellspring.signals.stats.entropy_bias import Frequencies, frequencies_of


class HillNumbers(NamedTuple):
    """Types in effect, each >= 1 (D0 of a part may be less), d0 >= d1 >= d2."""

    d0: float
    d1: float
    d2: float


def hill_numbers(counts: NDArray[np.int64], size: int) -> HillNumbers:
    """Of a text with these counts (zeros allowed), rarefied to `size` tokens.

    A text of fewer tokens is taken as it is: what it would show at more can't be known.

    Raises:
        ValueError: there are no tokens, or the size is below 1.
    """
    total = int(counts.sum())
    if total < 1 or size < 1:
        raise ValueError(f"{total} tokens rarefied to {size}: both must be at least 1")
    n, number = _rarefied(frequencies_of(counts), total, min(size, total))
    share = n / min(size, total)
    return HillNumbers(
        d0=float(number.sum()),
        d1=float(np.exp(-(number * share * np.log(share)).sum())),
        d2=float(1 / (number * share**2).sum()),
    )


def _rarefied(
    frequencies: Frequencies, total: int, size: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(k, types expected k times) in `size` of `total` tokens drawn without replacement."""
    if size == total:
        return frequencies.n, frequencies.types.astype(np.float64)
    expected = np.zeros(min(size, int(frequencies.n.max())) + 1)
    for n, types in zip(frequencies.n.tolist(), frequencies.types.tolist(), strict=True):
        k = np.arange(max(1, n - (total - size)), min(n, size) + 1)
        chance = _log_choose(n, k) + _log_choose(total - n, size - k) - _log_choose(total, np.array(size))
        expected[k] += types * np.exp(chance)
    seen = np.flatnonzero(expected > 0)
    return seen, expected[seen]


def _log_choose(n: int, k: NDArray[np.int64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return result

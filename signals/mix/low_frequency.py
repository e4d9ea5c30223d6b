"""How much more often a document with rare words is drawn, and what that costs in effective size."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from wellspring.signals.stats.ratio_sums import FRACTION_BITS, fixed_point

MOST_COPIES = 4
"""Repeating text up to four times costs next to nothing, sixteen times gives nothing (Muennighoff et al.
2023)."""


def multiplicity(
    rarity: float | None,
    median: float,
    *,
    strength: float,
    cap: float = MOST_COPIES,
    source_weight: float = 1,
) -> float:
    """clip(exp(rarity - median)^strength, 1, cap) times the source's weight, and again at most `cap`.

    Rarity is a logarithm: exp(rarity) is the number of documents to read until one meets a word of the
    document, on geometric average, and what is compared with the median's. The ratio of the logarithms
    themselves shrinks as the corpus grows: (rarity / median)^0.5 boosts none of 22,000 documents by more
    than a quarter.

    Args:
        rarity: of the document, nats; None (junk, too short) is not boosted. median: of the corpus.
        strength: >= 0; 0 leaves all at 1, at 1 twice as rare is drawn twice as often.
        cap: 1..4. source_weight: of sources.yaml, > 0; below 1 the document is drawn less often.

    Raises:
        ValueError: strength, cap or weight lies outside.
    """
    if not (strength >= 0 and math.isfinite(strength)):
        raise ValueError(f"a strength of {strength}: a number >= 0 is asked for")
    if not 1 <= cap <= MOST_COPIES:
        raise ValueError(f"a cap of {cap}: 1..{MOST_COPIES} is asked for")
    if not (source_weight > 0 and math.isfinite(source_weight)):
        raise ValueError(f"a source's weight of {source_weight}: a number > 0 is asked for")
    boost = 1.0
    if rarity is not None and rarity > median:
        exponent = strength * (rarity - median)
        boost = math.exp(exponent) if exponent < math.log(cap) else cap
    return min(boost * source_weight, cap)


class WeightSums(NamedTuple):
    """n weights, their sum and the sum of their squares, in units of 2^-40 and 2^-80: exact in any order."""

    n: int = 0
    w: int = 0
    ww: int = 0

    @classmethod
    def of(cls, weights: Iterable[float]) -> "WeightSums":
        fixed = [fixed_point(weight) for weight in weights]
        return cls(len(fixed), sum(fixed), sum(w * w for w in fixed))

    def merged(self, other: "WeightSums") -> "WeightSums":
        return WeightSums(*(a + b for a, b in zip(self, other, strict=True)))

    @property
    def mean(self) -> float:
        """0 of no weights."""
        return self.w / self.n / 2.0**FRACTION_BITS if self.n else 0.0

    @property
    def effective_sample_size(self) -> float:
        """(sum w)^2 / sum w^2 (Kish 1965): as many documents of equal weight tell as much, 0..n.

        Weights between 1 and c make it 4c / (1 + c)^2 n at least, which is 0.64 n for c = 4.
        """
        return self.w**2 / self.ww if self.ww else 0.0

"""How many paired items it takes to see a difference: McNemar's test in its normal approximation.

    n = (z_(1 - a/2) sqrt(p) + z_(1 - b) sqrt(p - d^2))^2 / d^2

with p the share of items on which two models differ, d the difference of their accuracies, a the size of
the two-sided test and 1 - b its power (Connor 1987).
"""

import math

from scipy.special import ndtri

from wellspring.schemas.tail_benchmark import POWER

SIZE = 0.05
FEWEST_ITEMS = 650
"""A domain's tail set and its head set have so many at least: a difference of 5 points is seen with 80%
power where two models differ on one item in five, which takes 626."""
EXAMPLES = ((0.2, 0.05), (0.15, 0.05), (0.1, 0.03), (0.2, 0.1), (0.3, 0.1))
"""(share of items on which two models differ, difference of accuracies): what a table of power shows."""


def items_needed(discordant: float, difference: float, power: float = POWER, size: float = SIZE) -> int:
    """Items until McNemar's test finds a difference of accuracies with that power.

    Args:
        discordant: share of items that one model has right and the other wrong, in (0, 1].
        difference: of the accuracies, in (0, discordant].

    Raises:
        ValueError: the difference is not within the share of items that differ, or a share not in (0, 1).
    """
    if not 0 < difference <= discordant <= 1:
        raise ValueError(f"a difference of {difference:g} where {discordant:g} of the items differ")
    if not (0 < power < 1 and 0 < size < 1):
        raise ValueError(f"power {power:g} and size {size:g} must lie between 0 and 1")
    spread = math.sqrt(max(0.0, discordant - difference**2))
    reach = float(ndtri(1 - size / 2)) * math.sqrt(discordant) + float(ndtri(power)) * spread
    return math.ceil(max(reach, 0.0) ** 2 / difference**2)


def detectable(items: int, discordant: float, power: float = POWER, size: float = SIZE) -> float | None:
    """The least difference that so many items show with that power, to 0.0001; None where all the items
    that differ, differing one way, would not do.
    """
    if items < items_needed(discordant, discordant, power, size):
        return None
    low, high = 0.0, discordant
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (
            (low, middle) if items_needed(discordant, middle, power, size) <= items else (middle, high)
        )
    return high

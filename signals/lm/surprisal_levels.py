"""How unexpected each token was, in one byte: what a held document carries for the person who looks at it."""

import numpy as np
from numpy.typing import NDArray

LEVELS_PER_NAT = 16
UNSCORED = 255
"""The level of a token without a surprisal: the first one, where the scorer has no BOS before it."""


def surprisal_levels(surprisals: NDArray[np.float32], tokens: int) -> bytes:
    """Surprisals in nats, one a scored token, as levels of 1/16 nat: one byte for each of `tokens` tokens.

    Beyond 254/16 = 15.9 nats all are the same level. Rounding is to the nearest level, so the error is
    at most 1/32 nat below that.

    Raises:
        ValueError: there are more surprisals than tokens, or fewer by more than the first token.
    """
    missing = tokens - len(surprisals)
    if missing not in (0, 1):
        raise ValueError(f"{len(surprisals)} surprisals for {tokens} tokens")
    levels = np.full(tokens, UNSCORED, dtype=np.uint8)
    levels[missing:] = np.clip(np.rint(surprisals * LEVELS_PER_NAT), 0, UNSCORED - 1)
    return levels.tobytes()


def surprisals_of(levels: bytes) -> list[float | None]:
    """Nats of each token again; None where it has none."""
    return [None if level == UNSCORED else level / LEVELS_PER_NAT for level in levels]

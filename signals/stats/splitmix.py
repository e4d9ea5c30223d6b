"""The finaliser of SplitMix64 (Steele et al. 2014)."""

import numpy as np
from numpy.typing import NDArray


def mixed(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The same number of bits, each dependent on all of the input's; one to one."""
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))

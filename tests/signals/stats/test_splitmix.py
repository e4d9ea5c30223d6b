import numpy as np

from wellspring.signals.stats.splitmix import mixed


def plain(z: int) -> int:
    """As published, on Python's own integers."""
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return z ^ (z >> 31)


def test_it_is_the_published_finaliser():
    values = [0, 1, 2, 2**63, 2**64 - 1, 0x9E3779B97F4A7C15]
    assert mixed(np.array(values, dtype=np.uint64)).tolist() == [plain(value) for value in values]

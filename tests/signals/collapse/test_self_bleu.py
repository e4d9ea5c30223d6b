import math
from collections import Counter

import numpy as np
import pytest

from wellspring.signals.collapse.self_bleu import ORDERS, TOKENS, self_bleu


def grams(text, order):
    return Counter(tuple(text[i : i + order]) for i in range(len(text) - order + 1))


def plain(texts):
    """BLEU-4 as Papineni et al. define it, each text against all others."""
    scores = []
    for index, text in enumerate(texts):
        others = texts[:index] + texts[index + 1 :]
        log = 0.0
        for order in range(1, ORDERS + 1):
            own = grams(text, order)
            clipped = sum(min(n, max(grams(o, order)[g] for o in others)) for g, n in own.items())
            log += math.log((clipped or 0.1) / sum(own.values())) / ORDERS
        closest = min((len(o) for o in others), key=lambda n: (abs(n - len(text)), n))
        scores.append(math.exp(log) * min(1.0, math.exp(1 - closest / len(text))))
    return sum(scores) / len(scores)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_bleu_of_each_against_the_others(seed):
    generator = np.random.default_rng(seed)
    texts = [generator.integers(0, 6, size=generator.integers(4, 40)).tolist() for _ in range(9)]
    assert self_bleu([np.array(t, dtype=np.int32) for t in texts]) == pytest.approx(plain(texts))


def test_equal_outputs_score_1_and_different_ones_little():
    same = np.arange(30, dtype=np.int32)
    assert self_bleu([same, same, same]) == pytest.approx(1.0)
    different = self_bleu([same, same + 100, same + 200])
    assert different is not None
    assert different < 0.02


def test_only_the_beginnings_count_and_short_outputs_do_not():
    one, other = np.arange(TOKENS, dtype=np.int32), np.arange(TOKENS, dtype=np.int32)
    longer = np.concatenate([one, np.full(50, 7, dtype=np.int32)])
    assert self_bleu([longer, other, np.arange(3, dtype=np.int32)]) == pytest.approx(1.0)
    assert self_bleu([one]) is None
    assert self_bleu([one, one[:3]]) is None

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.documents import measured
from wellspring.schemas.audit import SIGNALS
from wellspring.signals.batch.batch_sums import batch_estimates, batch_sums, merge_batch_sums
from wellspring.signals.batch.tail_coverage import TailReference

GENERATOR = np.random.default_rng(11)
DOCUMENTS = [
    measured(
        f"d{i}",
        token_ids=tuple(GENERATOR.zipf(1.5, size=GENERATOR.integers(1, 60)).clip(max=49).tolist()),
        nll=float(GENERATOR.lognormal(5, 1)),
        scored_tokens=int(GENERATOR.integers(20, 400)),
        curvature=float(GENERATOR.normal()) if i % 7 else None,
        log_rank=float(GENERATOR.gamma(2.0)),
        surprisal_variance=float(GENERATOR.gamma(9.0)),
        binoculars=float(GENERATOR.normal(1.0, 0.05)) if i % 5 else None,
        mattr=float(GENERATOR.uniform(0.6, 0.9)),
    )
    for i in range(90)
]
PROBABILITIES = [None if i % 11 == 0 else float(GENERATOR.random() ** 0.1) for i in range(90)]
TAIL = TailReference(
    np.array([(a << 28) + b for a in range(1, 20) for b in range(1, 20)]), {2: 300, 5: 61}, 9_000, "abc"
)


def sums(indices):
    documents, probabilities = [DOCUMENTS[i] for i in indices], [PROBABILITIES[i] for i in indices]
    return batch_sums(documents, probabilities, vocab_size=50, tail=TAIL)


WHOLE = batch_estimates(sums(range(90)), TAIL)


def test_every_signal_of_an_audit_is_there_with_an_interval():
    assert set(WHOLE) == set(SIGNALS)
    for estimate in WHOLE.values():
        assert estimate.low < estimate.value < estimate.high


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(90)), st.sets(st.integers(1, 89), max_size=6), st.randoms(use_true_random=False))
@pytest.mark.slow
def test_any_split_merged_in_any_order_gives_the_same_bits(order, cuts, shuffle):
    bounds = [0, *sorted(cuts), 90]
    parts = [sums(order[a:b]) for a, b in pairwise(bounds)]
    while len(parts) > 1:
        shuffle.shuffle(parts)
        parts.append(merge_batch_sums(parts.pop(), parts.pop()))
    assert batch_estimates(parts[0], TAIL) == WHOLE


def test_without_rare_pairs_and_scores_those_signals_are_undefined():
    unscored = [
        measured("a", nll=None, scored_tokens=None, curvature=None, log_rank=None, surprisal_variance=None)
    ]
    found = batch_estimates(batch_sums(unscored, [None], vocab_size=9, tail=None), None)
    undefined = {name for name, estimate in found.items() if estimate is None}
    assert undefined == {
        "cross_entropy_bits", "surprisal_spread", "curvature", "log_rank", "mean_log_odds", "tail_coverage",
        "confident_share", "binoculars",
    }  # fmt: skip
    assert (found["entropy_bits"].value, found["entropy_bits"].low) == (2.0, None)

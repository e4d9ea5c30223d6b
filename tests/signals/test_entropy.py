from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy as scipy_entropy

from wellspring.signals.entropy import batch_entropy_audit, pack_ids, unpack_ids

VOCABULARY = 50
DOCUMENTS = st.lists(st.lists(st.integers(0, VOCABULARY - 1)), min_size=1).filter(lambda d: any(d))


def seeds_own_loop(token_ids, vocab_size, floor=3.2):
    """The function of the CLEAN text, as printed there."""
    all_tokens = [t for seq in token_ids for t in seq]
    counts = Counter(all_tokens)
    freq = np.zeros(vocab_size)
    for tok, cnt in counts.items():
        freq[tok] = cnt
    prob = freq / freq.sum()
    prob = prob[prob > 0]
    h = scipy_entropy(prob, base=2)
    return {
        "entropy_bits": round(h, 3),
        "type_token_ratio": round(len(counts) / len(all_tokens), 4),
        "below_floor": h < floor,
        "synthetic_risk": "HIGH" if h < floor else "LOW",
        "action": "HOLD_FOR_REVIEW" if h < floor else "PROCEED",
    }


@given(DOCUMENTS)
def test_the_audit_is_the_seeds(token_ids):
    expected = seeds_own_loop(token_ids, VOCABULARY)
    ours = batch_entropy_audit(token_ids, VOCABULARY)
    assert ours.keys() == expected.keys()
    assert ours["entropy_bits"] == pytest.approx(expected["entropy_bits"], abs=0.0011)
    assert ours["type_token_ratio"] == expected["type_token_ratio"]
    if abs(expected["entropy_bits"] - 3.2) > 0.001:
        assert {k: ours[k] for k in ("below_floor", "synthetic_risk", "action")} == {
            k: expected[k] for k in ("below_floor", "synthetic_risk", "action")
        }


@given(DOCUMENTS)
def test_packed_ids_give_the_same_audit_as_lists(token_ids):
    expected = batch_entropy_audit(token_ids, VOCABULARY)
    packed = [pack_ids(ids) for ids in token_ids]
    assert batch_entropy_audit(packed, VOCABULARY) == expected
    assert batch_entropy_audit([unpack_ids(ids) for ids in packed], VOCABULARY) == expected
    assert batch_entropy_audit([*packed[:1], *token_ids[1:]], VOCABULARY) == expected


def test_the_floor_decides():
    uniform = [list(range(16))]  # exactly 4 bits
    assert batch_entropy_audit(uniform, 16, floor=4.0)["action"] == "PROCEED"
    held = batch_entropy_audit(uniform, 16, floor=4.001)
    assert (held["below_floor"], held["synthetic_risk"], held["action"]) == (True, "HIGH", "HOLD_FOR_REVIEW")


def test_one_token_has_no_entropy():
    assert batch_entropy_audit([[7, 7, 7]], 10)["entropy_bits"] == 0.0


@pytest.mark.parametrize(
    ("token_ids", "message"),
    [([], "no tokens"), ([[], []], "no tokens"), ([[1, 10]], "id 10 lies outside"), ([[-1]], "id -1 lies")],
)
def test_no_tokens_and_foreign_ids_are_errors(token_ids, message):
    with pytest.raises(ValueError, match=message):
        batch_entropy_audit(token_ids, 10)

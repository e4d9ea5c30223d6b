import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import variation

from wellspring.signals.text.burstiness import burstiness


@given(st.lists(st.integers(1, 200), min_size=2, max_size=50))
def test_it_is_scipys_coefficient_of_variation(lengths):
    assert burstiness(lengths) == pytest.approx(float(variation(np.array(lengths))), abs=1e-12)


@given(st.lists(st.integers(1, 200), min_size=2, max_size=20))
def test_the_order_of_sentences_does_not_change_a_bit(lengths):
    assert burstiness(lengths) == burstiness(lengths[::-1])


def test_one_sentence_has_none():
    assert burstiness([12]) is None
    assert burstiness([]) is None

import math

import pytest

from tests.documents import measurements
from wellspring.signals.batch.batch_signals import Document, linear_signal


def _of(measured, probabilities=None):
    return [Document(m, p) for m, p in zip(measured, probabilities or [None] * len(measured), strict=True)]


def test_cross_entropy_is_weighted_by_tokens():
    documents = [
        measurements(nll=100 * math.log(2) * 3, scored_tokens=100),
        measurements(nll=300 * math.log(2) * 5, scored_tokens=300),
    ]
    assert linear_signal("cross_entropy_bits", _of(documents)).value == pytest.approx(4.5)


def test_spread_and_curvature_are_means_over_documents():
    documents = [measurements(surprisal_variance=4.0, curvature=1.0), measurements(surprisal_variance=16.0)]
    assert linear_signal("surprisal_spread", _of(documents)).value == pytest.approx(3.0)
    assert linear_signal("curvature", _of(documents)).value == pytest.approx(0.55)


def test_documents_without_the_signal_are_left_out_and_none_of_them_is_none():
    documents = [measurements(curvature=None), measurements(curvature=2.0)]
    assert linear_signal("curvature", _of(documents)).value == 2.0
    assert linear_signal("curvature", _of(documents[:1])) is None


def test_mean_log_odds_leaves_abstentions_out_and_bounds_certainty():
    documents = _of([measurements()] * 4, [0.75, 0.25, None, 1.0])
    assert linear_signal("mean_log_odds", documents).value == pytest.approx(8 / 3)
    assert linear_signal("mean_log_odds", documents[2:3]) is None


def test_the_confident_share_counts_judged_documents_above_95_percent():
    documents = [Document(measurements(), p) for p in (0.95, 0.951, 0.2, None)]
    assert linear_signal("confident_share", documents).value == pytest.approx(1 / 3)
    assert linear_signal("confident_share", documents[3:]) is None


def test_what_a_document_lacks_is_left_out_of_its_means():
    documents = [Document(measurements(binoculars=b, mattr=m), None) for b, m in ((0.9, None), (None, 0.7))]
    assert linear_signal("binoculars", documents).value == pytest.approx(0.9)
    assert linear_signal("mattr", documents).value == pytest.approx(0.7)

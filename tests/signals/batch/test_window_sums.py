import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tests.pipelines.run_pictures import audit
from wellspring.schemas.audit import HOLD_FOR_REVIEW, SIGNALS, Audit
from wellspring.signals.batch.window_sums import NAMES, WindowSums, window_figure, window_sums

finite = st.floats(-1e4, 1e4, allow_nan=False)


@st.composite
def audits(draw):
    values: dict[str, object] = {"documents": draw(st.integers(2, 500))}
    for name in ("value", *SIGNALS):
        low, value, high = sorted(draw(st.tuples(finite, finite, finite)))
        bounds = "interval" if name == "value" else name
        values |= {name: value, f"{bounds}_low": low, f"{bounds}_high": high}
    if draw(st.booleans()):
        values["curvature"] = None
    return audit(**values)


def merge(parts):
    merged = WindowSums()
    for part in parts:
        merged = merged.merged(part)
    return merged


@given(st.lists(audits(), min_size=1, max_size=8), st.data())
@pytest.mark.slow
def test_any_split_merged_in_any_order_gives_the_same_bits(made, data):
    order = data.draw(st.permutations(made))
    cut = data.draw(st.integers(0, len(order)))
    split = [merge(map(window_sums, part)) for part in (order[:cut], order[cut:])]
    merged, whole = merge(split), merge(map(window_sums, made))
    assert merged == whole
    assert [window_figure(merged, name) for name in NAMES] == [window_figure(whole, name) for name in NAMES]


def batch(value: float, error: float, documents: int, **more: object) -> Audit:
    reach = stats.t.ppf(0.975, documents - 1) * error
    return audit(
        value=value, interval_low=value - reach, interval_high=value + reach, documents=documents, **more
    )


def test_the_windows_figure_is_the_mean_by_documents_and_its_error_that_of_independent_batches():
    sums = merge(
        [window_sums(batch(2.0, 0.3, 100)), window_sums(batch(3.0, 0.5, 300, action=HOLD_FOR_REVIEW))]
    )
    figure = window_figure(sums)
    error = math.hypot(100 * 0.3, 300 * 0.5) / 400
    assert figure.estimate.value == pytest.approx(2.75)
    assert figure.standard_error == pytest.approx(error)
    assert figure.freedom == 398
    assert figure.estimate.high - 2.75 == pytest.approx(stats.t.ppf(0.975, 398) * error)
    assert figure.batch_variance == pytest.approx((0.3**2 + 0.5**2) / 2)
    assert (sums.batches, sums.documents, sums.flagged) == (2, 400, 1)


def test_a_batch_without_the_signal_or_its_interval_is_left_out():
    whole = window_sums(batch(2.0, 0.3, 100))
    lacking = [window_sums(audit(value=None)), window_sums(audit(interval_low=None, interval_high=None))]
    assert window_figure(merge([whole, *lacking])) == window_figure(whole)
    assert window_figure(lacking[0]) is None
    assert merge([whole, *lacking]).batches == 3

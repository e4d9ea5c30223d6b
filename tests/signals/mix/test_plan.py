"""The plan of a mix: shares in tokens, shortage, probabilities; and the draw that follows it."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wellspring.schemas.label import PROVENANCE_LABELS
from wellspring.schemas.recipe import Recipe, Tail
from wellspring.signals.mix.draw import (
    all_copy_keys,
    copy_keys,
    cut_batches,
    expected_copies,
    inclusion,
    largest_remainders,
    order,
    reach,
    shard_of,
)
from wellspring.signals.mix.plan import PROBABILITY_UNIT, PlanError, StratumCounts, plan_mix
from wellspring.signals.stats.log_histogram import LogHistogram
from wellspring.signals.stats.weighted_sample import uniform

HV, HU, SK, SS = PROVENANCE_LABELS


def stratum(name: str, tokens: list[int], weights=None, probability: float | None = None, cap: int = 1):
    weights = np.ones(len(tokens)) if weights is None else np.array(weights)
    u = np.array([uniform(7, f"{name}-{i}") for i in range(len(tokens))])
    keys = all_copy_keys(u, weights, cap)
    amounts = np.repeat(np.array(tokens)[:, None], cap, axis=1)
    histogram, synthetic, judged = LogHistogram(), LogHistogram(), LogHistogram()
    histogram.add_all(keys.ravel(), amounts.ravel())
    if probability is not None:
        synthetic.add_all(
            keys.ravel(), np.round(amounts.ravel() * probability * PROBABILITY_UNIT).astype(int)
        )
        judged.add_all(keys.ravel(), amounts.ravel())
    return StratumCounts(len(tokens), sum(tokens), histogram, synthetic, judged)


def drawn(name: str, tokens: list[int], end, weights=None, cap: int = 1) -> list[tuple[int, int]]:
    """The plain reading of a reach: (document, copy) in order of key."""
    weights = [1.0] * len(tokens) if weights is None else weights
    copies = sorted(
        (key, f"{name}-{i}", i, copy)
        for i in range(len(tokens))
        for copy, key in enumerate(copy_keys(uniform(7, f"{name}-{i}"), weights[i], cap))
    )
    taken, room = [], end.room
    for key, _, i, copy in copies:
        if key >= end.low:
            room -= tokens[i]
            if key >= end.high or room < 0:
                break
        taken.append((i, copy))
    return taken


def recipe(shares, tokens=1000, **values) -> Recipe:
    return Recipe(tokens=tokens, shares=shares, **values)


@given(
    st.lists(st.integers(1, 50), min_size=30, max_size=200),
    st.lists(st.floats(0.2, 4), min_size=200, max_size=200),
    st.integers(1, 4),
    st.floats(0.05, 1),
)
@settings(max_examples=60, deadline=None)
def test_a_reach_takes_what_a_sorted_list_takes(tokens, weights, cap, share):
    weights = weights[: len(tokens)]
    counts = stratum("a", tokens, weights, cap=cap)
    wanted = math.floor(share * counts.tokens)
    end = reach(counts.keys, wanted)
    taken = drawn("a", tokens, end, weights, cap)
    got = sum(tokens[i] for i, _ in taken)
    assert got <= wanted or math.isinf(end.high)
    if not math.isinf(end.high):
        assert got > wanted - max(tokens)
    # Copies are taken in order: nobody has a second one without the first.
    for i, copy in taken:
        assert copy == 0 or (i, copy - 1) in taken


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=8), st.integers(0, 10**9))
def test_largest_remainders_sum_and_stay_within_one(shares, total):
    whole = largest_remainders(shares, total)
    assert sum(whole) == total
    scale = total / math.fsum(shares)
    assert all(abs(w - s * scale) < 1 + 1e-6 for w, s in zip(whole, shares, strict=True))


@given(st.integers(0, 5000), st.integers(2, 300))
def test_batches_cover_the_rows_and_none_is_less_than_half(rows, size):
    batches = cut_batches(rows, size)
    assert [i for batch in batches for i in batch] == list(range(rows))
    assert all(len(batch) < 1.5 * size for batch in batches)
    assert len(batches) <= 1 or all(2 * len(batch) >= size for batch in batches)


def test_shards_are_stretches_of_the_order():
    places = sorted(order(3, f"d{i}", 0) for i in range(1000))
    shards = [shard_of(place, 7) for place in places]
    assert shards == sorted(shards)
    assert set(shards) == set(range(7))
    assert order(3, "d", 0) != order(3, "d", 1) != order(4, "d", 1)


def test_copies_have_their_mean():
    n, weight, threshold = 20_000, 2.4, 0.7
    counts = [sum(k < threshold for k in copy_keys(uniform(1, str(i)), weight, 4)) for i in range(n)]
    assert set(counts) == {1, 2}  # floor(1.68), and one more in 68 of 100
    assert np.mean(counts) == pytest.approx(expected_copies(weight, threshold, 4), abs=0.01)
    assert inclusion(weight, threshold) == 1.0
    assert inclusion(0.5, threshold) == pytest.approx(0.35)
    assert expected_copies(9, 1, 4) == 4


def test_sums_over_the_corpus_are_estimated_without_bias():
    """200 draws of a corpus with weights, copies and documents of all lengths."""
    n = 400
    tokens = np.array([5 + uniform(0, f"t{i}") ** 3 * 400 for i in range(n)]).astype(int)
    weights = np.array([4 ** uniform(0, f"w{i}") for i in range(n)])
    values = weights**2 * 20 + tokens  # goes with weight and length: a plain mean of the draw would be off
    estimates, plain = [], []
    for seed in range(200):
        u = np.array([uniform(seed, str(i)) for i in range(n)])
        keys = all_copy_keys(u, weights, 4)
        sizes = np.repeat(tokens[:, None], 4, axis=1).ravel()
        flat = keys.ravel()
        ordered = np.argsort(flat)
        total = np.cumsum(sizes[ordered])
        fits = int(np.searchsorted(total, tokens.sum() * 0.4, side="right"))
        threshold = flat[ordered[fits]]
        copies = (keys < threshold).sum(axis=1)
        expected = np.minimum(4, weights * threshold)
        estimates.append(float((values * copies / expected).sum()))
        plain.append(float((values * copies).sum() / copies.sum() * n))
    error = np.std(estimates, ddof=1) / math.sqrt(len(estimates))
    assert abs(np.mean(estimates) - values.sum()) < 3 * error
    assert abs(np.mean(plain) - values.sum()) > 10 * error


def test_planned_tokens_are_the_shares():
    counts = {label: stratum(label, [10] * 400) for label in PROVENANCE_LABELS}
    plan = plan_mix(recipe({HV: 0.3, HU: 0.6, SK: 0.1, SS: 0.0}), counts)
    assert {s.name: s.planned for s in plan.strata} == {HV: 300, HU: 600, SK: 100}
    assert plan.lowered_from is None


def test_the_tail_lies_inside_the_verified():
    counts = {label: stratum(label, [10] * 400) for label in PROVENANCE_LABELS} | {"tail": stratum("t", [7])}
    plan = plan_mix(recipe({HV: 0.3, HU: 0.7}, tail=Tail(pack="p", share=0.02)), counts)
    assert {s.name: s.planned for s in plan.strata} == {HV: 280, HU: 700, "tail": 20}


def test_a_short_stratum_stops_or_lowers():
    counts = {HV: stratum(HV, [10] * 15), HU: stratum(HU, [10] * 400)}
    with pytest.raises(PlanError, match=r"human_verified has 150 tokens where 30.0% of 1,000 are 300"):
        plan_mix(recipe({HV: 0.3, HU: 0.7}), counts)
    plan = plan_mix(recipe({HV: 0.3, HU: 0.7}, when_short="lower"), counts)
    assert (plan.tokens, plan.lowered_from) == (500, 1000)
    assert {s.name: s.planned for s in plan.strata} == {HV: 150, HU: 350}
    assert plan.strata[0].high is None  # all of it


@pytest.mark.parametrize("when_short", ["stop", "lower"])
def test_an_empty_stratum_is_an_error_either_way(when_short):
    with pytest.raises(PlanError, match="the runs hold no synthetic_known text"):
        plan_mix(recipe({HV: 0.9, SK: 0.1}, when_short=when_short), {HV: stratum(HV, [10] * 400)})


def test_a_tail_that_is_too_small_even_in_copies_is_short():
    counts = {HV: stratum(HV, [10] * 400), "tail": stratum("t", [5])}
    with pytest.raises(PlanError, match="tail has 20 tokens, 4 copies each,"):
        plan_mix(recipe({HV: 1.0}, tail=Tail(pack="p", share=0.1)), counts)


@given(st.floats(0, 0.3), st.floats(0.5, 1), st.floats(0, 0.5), st.floats(0.05, 0.5))
@settings(max_examples=60, deadline=None)
@pytest.mark.slow
def test_by_probabilities_the_expected_synthetic_share_is_the_recipe_s(p, q, suspected, synthetic):
    """Checked by summing up what each stratum is expected to hold."""
    shares = {HV: 0.2, SK: synthetic * (1 - suspected), SS: synthetic * suspected}
    shares[HU] = 1 - sum(shares.values())
    counts = {
        HV: stratum(HV, [10] * 500),
        HU: stratum(HU, [10] * 500, probability=p),
        SK: stratum(SK, [10] * 500),
        SS: stratum(SS, [10] * 500, probability=q),
    }
    try:
        plan = plan_mix(recipe(shares, by="probabilities"), counts)
    except PlanError:
        assert p * 0.8 >= synthetic - 1e-6  # unverified text alone is more than is allowed
        return
    rate = {HV: 0.0, HU: p, SK: 1.0, SS: q}
    assert sum(s.share for s in plan.strata) == pytest.approx(1)
    assert sum(s.share * rate[s.name] for s in plan.strata) == pytest.approx(synthetic, abs=1e-5)
    assert next(s.share for s in plan.strata if s.name == HV) == pytest.approx(0.2)


def test_by_probabilities_without_any_is_an_error():
    counts = {HV: stratum(HV, [10] * 500), HU: stratum(HU, [10] * 500)}
    with pytest.raises(PlanError, match="no human_unverified document has a probability"):
        plan_mix(recipe({HV: 0.5, HU: 0.5}, by="probabilities"), counts)

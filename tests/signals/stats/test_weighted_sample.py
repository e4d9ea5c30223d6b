import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from wellspring.signals.stats.hashing import stable_hash
from wellspring.signals.stats.log_histogram import LogHistogram
from wellspring.signals.stats.weighted_sample import (
    EVERYTHING,
    Item,
    WeightedDraw,
    boundary,
    copies,
    horvitz_thompson,
    inclusion_probability,
    is_kept,
    sampling_key,
    uniform,
)

IDS = [f"d{i}" for i in range(400)]
WEIGHTS = {id_: (1.0, 1.3, 2.0, 4.0)[stable_hash(id_, "w") % 4] for id_ in IDS}
TOKENS = {id_: 20 + stable_hash(id_, "t") % 300 for id_ in IDS}
# What is estimated goes with the weight, so that a plain sum over the drawn would be far off.
VALUES = {id_: WEIGHTS[id_] * (1 + stable_hash(id_, "v") % 100) for id_ in IDS}
TRUE = sum(VALUES.values())
SEEDS = range(200)


def items(seed: int, sizes: dict[str, int] | None = None) -> list[Item]:
    return [
        Item(sampling_key(uniform(seed, id_), WEIGHTS[id_]), id_, sizes[id_] if sizes else 1) for id_ in IDS
    ]


def draw_of(parts: list[Item], limit: int) -> WeightedDraw:
    draw = WeightedDraw(limit)
    for item in parts:
        draw.add(item)
    return draw


def z_score(estimates: list[float], true: float) -> float:
    error = statistics.stdev(estimates) / math.sqrt(len(estimates))
    return (statistics.mean(estimates) - true) / error


def test_hashes_are_uniform_between_zero_and_one_and_differ_by_seed():
    draws = [uniform(7, id_) for id_ in IDS]
    assert min(draws) > 0 and max(draws) < 1
    assert stats.kstest(draws, "uniform").pvalue > 0.001
    assert abs(np.corrcoef(draws, [uniform(8, id_) for id_ in IDS])[0, 1]) < 0.2
    assert uniform(7, "d0") == ((stable_hash("d0", "draw\0007") >> 12) + 0.5) / 2**52


def test_no_hash_reaches_an_end(monkeypatch):
    for digest, end in ((0, 0.0), (2**64 - 1, 1.0)):
        monkeypatch.setattr(
            "wellspring.signals.stats.weighted_sample.stable_hash", lambda *_, digest=digest: digest
        )
        assert uniform(1, "a") != end
        assert 0 < sampling_key(uniform(1, "a"), 4.0) < 10


@given(st.floats(0, 4), st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_copies_are_the_two_whole_numbers_around_the_multiplicity(multiplicity, u):
    assert copies(multiplicity, u) in (math.floor(multiplicity), math.ceil(multiplicity))


def test_copies_come_to_the_multiplicity_on_average():
    drawn = [copies(1.3, uniform(seed, id_)) for seed in range(20) for id_ in IDS]
    assert abs(sum(drawn) / len(drawn) - 1.3) < 4 * math.sqrt(0.21 / len(drawn))
    assert copies(2.0, 1e-9) == 2


def test_the_lowest_keys_are_drawn_and_the_next_is_the_threshold():
    everything = sorted(items(3))
    draw = draw_of(everything[::-1], 50)
    assert draw.drawn() == everything[:50]
    assert draw.threshold() == everything[50][:2]


def test_a_budget_is_filled_up_to_the_first_that_does_not_fit():
    everything = sorted(items(3, TOKENS))
    draw = draw_of(everything, 9_000)
    taken, room = [], 9_000
    for item in everything:
        room -= item.size
        if room < 0:
            break
        taken.append(item)
    assert draw.drawn() == taken
    assert 9_000 - 320 < sum(item.size for item in taken) <= 9_000


@given(
    st.lists(st.tuples(st.sampled_from([0.5, 1.0, 2.0]), st.integers(1, 5)), max_size=25),
    st.integers(0, 30),
    st.integers(1, 5),
    st.randoms(),
)
def test_parts_merge_to_the_draw_of_the_whole_whatever_the_order_and_the_ties(pairs, limit, parts, order):
    population = [Item(key, f"d{i:02}", size) for i, (key, size) in enumerate(pairs)]
    whole = draw_of(population, limit)
    order.shuffle(population)
    split = [draw_of(population[i::parts], limit) for i in range(parts)]
    order.shuffle(split)
    merged = WeightedDraw(limit)
    for part in split:
        merged.merge(part)
    assert merged == whole
    assert (merged.drawn(), merged.threshold()) == (whole.drawn(), whole.threshold())
    assert sum(item.size for item in merged.drawn()) <= limit
    if merged.threshold() == EVERYTHING:
        assert len(merged.drawn()) == len(pairs)


def test_a_draw_of_many_forgets_what_can_not_be_drawn():
    draw = WeightedDraw(10)
    for i in range(50_000):
        draw.add(Item(uniform(1, str(i)), str(i)))
    assert len(draw._items) <= 1024
    assert draw.threshold().key == sorted(uniform(1, str(i)) for i in range(50_000))[10]


@pytest.mark.parametrize("limit", [0, 19, 5_000, 40_000, 10**9])
def test_two_passes_with_a_histogram_find_the_threshold_of_one(limit):
    population = items(5, TOKENS)
    histogram = LogHistogram()
    for item in population:
        histogram.add((item.key, item.size))
    found = boundary(histogram, limit)
    one_pass = draw_of(population, limit)
    if found is None:
        assert one_pass.threshold() == EVERYTHING
        return
    inside = [item for item in population if found.holds(item.key)]
    assert draw_of(inside, found.room).threshold() == one_pass.threshold()
    assert len(inside) < 20


@pytest.mark.parametrize("sizes, limit", [(None, 60), (TOKENS, 10_000)])
def test_weighted_sums_over_a_draw_are_unbiased(sizes, limit):
    estimates, plain = [], []
    for seed in SEEDS:
        draw = draw_of(items(seed, sizes), limit)
        tau = draw.threshold().key
        drawn = draw.drawn()
        estimates.append(
            horvitz_thompson((VALUES[i.id], inclusion_probability(WEIGHTS[i.id], tau)) for i in drawn)
        )
        plain.append(len(IDS) / len(drawn) * sum(VALUES[i.id] for i in drawn))
    assert abs(z_score(estimates, TRUE)) < 3
    assert z_score(plain, TRUE) > 10


def test_weighted_sums_over_thinned_documents_are_unbiased():
    estimates = [
        horvitz_thompson(
            (VALUES[id_], min(1.0, 0.3 * WEIGHTS[id_]))
            for id_ in IDS
            if is_kept(uniform(seed, id_), 0.3 * WEIGHTS[id_])
        )
        for seed in SEEDS
    ]
    assert abs(z_score(estimates, TRUE)) < 3


def test_each_document_is_drawn_as_often_as_its_probability_says():
    seen = dict.fromkeys(IDS, 0)
    expected = dict.fromkeys(IDS, 0.0)
    for seed in SEEDS:
        ordered = sorted(items(seed))
        drawn = {item.id for item in draw_of(ordered, 60).drawn()}
        for id_ in IDS:
            seen[id_] += id_ in drawn
            # The 60th key of the other documents makes each one's own draw a coin toss.
            expected[id_] += inclusion_probability(WEIGHTS[id_], ordered[60 if id_ in drawn else 59].key)
    for weight in sorted(set(WEIGHTS.values())):
        of_weight = [id_ for id_ in IDS if WEIGHTS[id_] == weight]
        mean = sum(expected[id_] for id_ in of_weight)
        assert abs(sum(seen[id_] for id_ in of_weight) - mean) < 4 * math.sqrt(mean)


def test_what_can_not_be_drawn_is_refused():
    for weight in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="can't be drawn by"):
            sampling_key(0.5, weight)
    with pytest.raises(ValueError, match="a: a size of 0"):
        WeightedDraw(5).add(Item(0.5, "a", 0))
    with pytest.raises(ValueError, match="limit of -1"):
        WeightedDraw(-1)
    with pytest.raises(ValueError, match="don't merge"):
        WeightedDraw(5).merge(WeightedDraw(6))

import numpy as np
import pytest
from scipy import stats

from wellspring.signals.stats.paired_tests import DocumentDraws, judged, mcnemar, mean_of


@pytest.mark.parametrize("seed", range(6))
def test_mcnemar_is_scipys_exact_binomial_test(seed):
    generator = np.random.default_rng(seed)
    first, second = generator.random(60) < 0.8, generator.random(60) < 0.3 + 0.1 * seed
    found = mcnemar(first, second)
    table = (int((first & ~second).sum()), int((~first & second).sum()))
    assert found[:2] == table
    assert found.p == pytest.approx(stats.binomtest(table[0], sum(table)).pvalue)


def test_models_that_never_differ_are_not_told_apart():
    same = np.array([True, False])
    assert mcnemar(same, same) == (0, 0, 1.0)
    with pytest.raises(ValueError, match="not the same ones"):
        mcnemar(same, same[:1])


def test_a_draw_takes_whole_documents_as_many_as_there_are():
    documents = [f"d{i // 3}" for i in range(30)]
    draws = DocumentDraws(documents, 7, draws=500)
    everything = np.ones(30, dtype=bool)
    in_document = [draws.mean(np.array([d == f"d{k}" for d in documents], dtype=float), everything)
                   for k in range(10)]  # fmt: skip
    times = np.array(in_document) * 10
    assert np.allclose(times, np.round(times))
    assert np.allclose(times.sum(axis=0), 10)
    # multinomial: each document once on average, variance 0.9
    assert times.mean() == pytest.approx(1)
    assert times.var() == pytest.approx(0.9, abs=0.08)


def test_the_interval_covers_as_often_as_it_says_where_items_of_a_document_agree():
    generator = np.random.default_rng(3)
    covered = 0
    for _ in range(200):
        effects = generator.normal(0.2, 1, size=60)
        values = np.repeat(effects, 5) + generator.normal(0, 0.5, size=300)
        draws = DocumentDraws([f"d{i // 5}" for i in range(300)], 1, draws=500)
        found = judged(values.mean(), draws.mean(values, np.ones(300, dtype=bool)), draws.documents)
        low, high = found.estimate.low, found.estimate.high
        assert low is not None
        assert high is not None
        covered += low < 0.2 < high
    assert 0.89 <= covered / 200 <= 0.985


def test_p_is_small_for_a_difference_large_for_none_and_never_0():
    generator = np.random.default_rng(4)
    documents = [f"d{i}" for i in range(200)]
    draws = DocumentDraws(documents, 7)
    items = np.ones(200, dtype=bool)
    p_values = {}
    for name, shift in (("none", 0.0), ("large", 2.0)):
        values = generator.normal(0, 1, size=200)
        values += shift - values.mean()
        p_values[name] = judged(shift, draws.mean(values, items), draws.documents).p
    assert p_values["none"] > 0.9
    assert 0 < p_values["large"] < 0.001


def test_p_is_about_that_of_the_t_test():
    values = np.random.default_rng(5).normal(0.15, 1, size=150)
    draws = DocumentDraws([str(i) for i in range(150)], 7)
    found = judged(float(values.mean()), draws.mean(values, np.ones(150, dtype=bool)), 150)
    assert found.p == pytest.approx(stats.ttest_1samp(values, 0).pvalue, abs=0.02)


def test_draws_depend_on_the_seed_and_the_names_alone():
    values = np.arange(12.0)
    items = np.ones(12, dtype=bool)
    names = [f"d{i % 4}" for i in range(12)]
    one = DocumentDraws(names, 7, draws=50).mean(values, items)
    order = np.random.default_rng(1).permutation(12)
    other = DocumentDraws([names[i] for i in order], 7, draws=50).mean(values[order], items)
    assert np.allclose(one, other)
    assert not np.allclose(one, DocumentDraws(names, 8, draws=50).mean(values, items))


def test_one_document_has_no_interval():
    draws = DocumentDraws(["d"] * 3, 7, draws=10)
    found = judged(0.5, draws.mean(np.ones(3), np.ones(3, dtype=bool)), draws.documents)
    assert found == ((0.5, None, None), 1.0)
    assert mean_of(np.ones(3), np.zeros(3, dtype=bool)) is None

import numpy as np

from tests.documents import measurements
from wellspring.signals.verdict.histograms import EDGES, histograms_of, merge_histograms


def test_counts_are_numpys_and_nothing_falls_out_at_the_ends():
    values = [0.0, 0.04, 0.05, 0.051, 1.999, 2.0, 7.5]
    result = histograms_of([("human_unverified", measurements(burstiness=v)) for v in values])
    expected, _ = np.histogram(np.clip(values, 0, 2), bins=EDGES["burstiness"])
    assert result["burstiness"]["human_unverified"].counts == expected.tolist()


def test_undefined_values_are_counted_apart():
    pairs = [("a", measurements(mattr=None)), ("a", measurements(mattr=0.7))]
    histogram = histograms_of(pairs)["mattr"]["a"]
    assert (histogram.undefined, sum(histogram.counts)) == (1, 1)


def test_merging_parts_is_the_whole():
    pairs = [("ab"[i % 2], measurements(perplexity=1.5**i, mattr=None if i == 3 else 0.5)) for i in range(20)]
    parts = [histograms_of(pairs[:7]), histograms_of(pairs[7:9]), histograms_of(pairs[9:])]
    assert merge_histograms(parts) == merge_histograms(parts[::-1]) == histograms_of(pairs)
    assert merge_histograms([]) == {}

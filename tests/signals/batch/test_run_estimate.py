"""Totals from a sample of files, against the textbook's formulas; the arithmetic of costs by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from wellspring.pipelines.estimate import ASSUMPTIONS
from wellspring.signals.batch.run_estimate import (
    ASSUMED,
    FileCounts,
    added,
    assumed_volume,
    cpu_hours,
    gpu_tokens_per_second,
    machine_costs,
    parse_assumptions,
    sampled_volume,
    stored_bytes,
)

TEXT = ASSUMPTIONS.read_text()


def file_counts(size: float, factor: float) -> FileCounts:
    return FileCounts(size, size / 10 * factor, size / 12 * factor, size * 2 * factor, size / 3 * factor)


def population(files: int, seed: int) -> list[FileCounts]:
    generator = np.random.default_rng(seed)
    sizes = generator.lognormal(10, 0.5, files)
    return [
        file_counts(size, factor)
        for size, factor in zip(sizes, generator.normal(1, 0.2, files).clip(0.2), strict=True)
    ]


def test_without_sizes_it_is_the_expansion_estimator():
    counts = population(5, 1)
    total = sampled_volume(counts, 40, None).totals["tokens"]
    y = np.array([c.tokens for c in counts])
    error = 40 * y.std(ddof=1) / math.sqrt(5) * math.sqrt(1 - 5 / 40)
    half = stats.t.ppf(0.975, 4) * error
    assert total.value == pytest.approx(40 * y.mean(), rel=1e-6)
    assert total.high == pytest.approx(40 * y.mean() + half, rel=1e-6)
    assert total.low == pytest.approx(max(y.sum(), 40 * y.mean() - half), rel=1e-6)


def test_with_sizes_it_is_the_ratio_estimator():
    counts = population(6, 2)
    total = sampled_volume(counts, 30, 900_000.0).totals["text_bytes"]
    y, x = (np.array([getattr(c, name) for c in counts]) for name in ("text_bytes", "stored_bytes"))
    ratio = y.sum() / x.sum()
    residuals = y - ratio * x
    error = 900_000 * math.sqrt(6 / 5 * (residuals**2).sum()) / x.sum() * math.sqrt(1 - 6 / 30)
    assert total.value == pytest.approx(ratio * 900_000, rel=1e-6)
    assert total.high == pytest.approx(total.value + stats.t.ppf(0.975, 5) * error, rel=1e-6)


@pytest.mark.parametrize("by_size", [True, False])
def test_the_interval_covers_the_truth_about_as_often_as_it_says(by_size):
    everything = population(60, 3)
    truth = sum(c.tokens for c in everything)
    size = sum(c.stored_bytes for c in everything) if by_size else None
    generator = np.random.default_rng(4)
    covered = 0
    for _ in range(300):
        drawn = [everything[i] for i in generator.choice(60, 12, replace=False)]
        total = sampled_volume(drawn, 60, size).totals["tokens"]
        covered += total.low <= truth <= total.high
    assert 0.90 <= covered / 300 <= 0.99


def test_all_files_are_no_estimate_and_one_of_many_has_no_interval():
    counts = population(4, 5)
    whole = sampled_volume(counts, 4, None).totals["records"]
    assert whole == (pytest.approx(sum(c.records for c in counts)),) * 3
    alone = sampled_volume(counts[:1], 4, None).totals["records"]
    assert (alone.value, alone.low, alone.high) == (pytest.approx(4 * counts[0].records), None, None)


def test_empty_files_are_counted_by_their_number():
    empty = sampled_volume([FileCounts(0, 0, 0, 0, 0)] * 2, 5, 0.0)
    assert empty.totals["tokens"].value == 0


@pytest.mark.parametrize("sample", [0, 3])
def test_a_sample_is_some_of_the_files(sample):
    with pytest.raises(ValueError, match=f"a sample of {sample} of 2 files"):
        sampled_volume([file_counts(1, 1)] * sample, 2, None)


def test_assumed_files_give_assumed_totals():
    assumptions = parse_assumptions(TEXT, "x")
    volume = assumed_volume(90_000, assumptions)
    assert (volume.basis, volume.sampled) == (ASSUMED, 0)
    assert "records" not in volume.totals
    likely, low, high = assumptions.wet_file.tokens
    assert volume.totals["tokens"] == (90_000 * likely, 90_000 * low, 90_000 * high)


def test_costs_by_hand():
    text = """
wet_file: {stored_bytes: [1, 1, 1], documents: [1000, 500, 2000], text_bytes: [1.0e+6, 1.0e+6, 1.0e+6],
           tokens: [3.6e+6, 3.6e+6, 7.2e+6]}
rates: {cpu_seconds_per_megabyte: 2, cpu_seconds_per_document: 0.001, scored_tokens_per_cpu_second: 1000,
        parameters_of_that_model: 10}
storage: {bytes_per_text_byte: 0.5, bytes_per_document: 100, dollars_per_gigabyte_month: 1, shuffles: 2,
          dollars_per_shuffled_gigabyte: 1}
utilisation: 0.5
gpu_tokens_per_second_at_most: 2000
models: {}
gpus: {G: {flops: 40000, dollars_an_hour: 3}, H: {flops: 4.0e+9, dollars_an_hour: 3}}
cpu: {C: {dollars_an_hour: 1, vcpus: 2}}
"""
    assumptions = parse_assumptions(text, "x")
    volume = assumed_volume(1, assumptions)
    assert cpu_hours(volume, assumptions) == tuple(pytest.approx(s / 3600) for s in (3, 2.5, 4))
    assert stored_bytes(volume, assumptions).value == 0.5e6 + 100_000
    # 40,000 flops x 0.5 / (2 x 10 parameters) = 1,000 tokens per second; the other is held at 2,000
    assert gpu_tokens_per_second(40000, 10, assumptions) == 1000
    on_cpu, on_g, on_h = machine_costs(volume, [10], assumptions)
    assert on_cpu.cpu_hours.value == pytest.approx((3 + 3600) / 3600 / 2)
    assert on_cpu.dollars.value == on_cpu.cpu_hours.value
    assert on_g.gpu_hours == pytest.approx((1, 1, 2))
    assert on_g.dollars.value == pytest.approx(3 + 3 / 3600 / 2)
    assert on_h.gpu_hours.value == pytest.approx(0.5)
    assert [c.machine for c in machine_costs(volume, [], assumptions)] == ["C"]
    assert added(on_g.gpu_hours, on_h.gpu_hours) == pytest.approx((1.5, 1.5, 3))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "utilisation: 0.3",
            "utilisation: 3",
            "x, line 29: utilisation: Input should be less than or equal to 1",
        ),
        ("utilisation:", "utilization:", "x, line 29: utilization: unknown key; did you mean utilisation?"),
        ("documents: [29000, 24000, 34000]", "documents: [29000, 34000, 24000]", "documents is [likely, low"),
        ("wet_file:", "wet_file: [", "x, line 9: is not YAML"),
    ],
)
def test_wrong_assumptions_are_one_line(old, new, message):
    assert old in TEXT
    with pytest.raises(ValueError) as error:
        parse_assumptions(TEXT.replace(old, new, 1), "x")
    assert message in str(error.value)
    assert "\n" not in str(error.value)

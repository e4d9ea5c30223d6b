import math
from collections import Counter
from itertools import pairwise

import msgspec
import numpy as np
import pytest
import zstandard

from wellspring.schemas.monitor import SIGNALS, WATCHED
from wellspring.signals.batch.token_groups import pair_keys
from wellspring.signals.collapse.output_windows import (
    Output,
    described,
    in_windows,
    make_baseline,
    ngrams,
    rare_pairs,
    watched_series,
    window_values,
)
from wellspring.signals.stats.entropy_bias import frequencies_of, plug_in_entropy

VOCABULARY = 800
SHARES = 1 / (np.arange(VOCABULARY) + 2.0)
SHARES /= SHARES.sum()


class Ids:
    """A tokenizer for texts that are written as numbers."""

    name, sha256 = "ids", "0" * 64


def outputs(count, seed, *, shares=SHARES, length=60, name="o"):
    generator = np.random.default_rng(seed)
    made = []
    for index in range(count):
        ids = generator.choice(VOCABULARY, size=generator.integers(length // 2, length * 3 // 2), p=shares)
        made.append(Output(f"{name}{index}", None, " ".join(map(str, ids)), ids.astype(np.int32)))
    return made


BASELINE = make_baseline(outputs(800, 1), Ids(), 40)
TAIL = rare_pairs(BASELINE.tail)


def without_rare_pairs(output):
    keys = pair_keys(output.ids)
    return output._replace(ids=output.ids[np.concatenate([[True], ~TAIL.is_rare(keys)])])


def series(made):
    windows = [described(window, TAIL, BASELINE) for window in in_windows(made, 40)]
    return watched_series(windows, BASELINE.signals)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_ngrams_are_those_of_a_loop_and_end_with_their_output(order):
    generator = np.random.default_rng(order)
    texts = [generator.integers(0, 3, size=n).tolist() for n in (5, 1, 0, 9, 2, 4)]
    joined = np.array([i for text in texts for i in text], dtype=np.int32)
    found = ngrams(joined, [len(t) for t in texts], order)
    expected = [tuple(t[i : i + order]) for t in texts for i in range(len(t) - order + 1)]
    assert len(found) == len(expected)
    assert sorted(Counter(found.tolist()).values()) == sorted(Counter(expected).values())
    assert len(set(zip(found.tolist(), expected, strict=True))) == len(set(expected))
    assert len(ngrams(joined[:0], [], order)) == 0


def test_figures_are_those_of_a_loop_at_equal_size():
    window = outputs(40, 5)
    tokens = sum(len(o.ids) for o in window)
    size = sum(len(o.text) for o in window)
    values = window_values(window, TAIL, tokens, size)
    ids = np.concatenate([o.ids for o in window])
    assert values["distinct_1"] == pytest.approx(len(set(ids.tolist())) / tokens)
    for order in (2, 3):
        grams = [tuple(o.ids[i : i + order]) for o in window for i in range(len(o.ids) - order + 1)]
        assert values[f"distinct_{order}"] == pytest.approx(len(set(grams)) / len(grams))
    assert values["entropy_bits"] == pytest.approx(plug_in_entropy(frequencies_of(np.bincount(ids))))
    assert values["length"] == tokens / 40
    fours = [[tuple(o.ids[i : i + 4]) for i in range(len(o.ids) - 3)] for o in window]
    again = sum(len(g) - len(set(g)) for g in fours)
    assert values["repetition"] == pytest.approx(again / sum(map(len, fours)))
    compressed = values["compression_ratio"]
    assert compressed is not None
    whole = "\n".join(o.text for o in window).encode()[:size]
    assert compressed == pytest.approx(
        len(zstandard.ZstdCompressor(level=3).compress(whole)) / size, rel=0.02
    )
    pairs = {int(a) << 28 | int(b) for o in window for a, b in pairwise(o.ids.tolist())}
    rare = TAIL.is_rare(np.array(sorted(pairs))).sum()
    assert values["tail_coverage"] == pytest.approx(rare / TAIL.expected(tokens - 40))


def test_a_window_with_less_text_than_the_baseline_has_no_figure_of_equal_size():
    values = window_values(outputs(40, 5, length=20), TAIL, BASELINE.tokens, BASELINE.bytes)
    assert {name for name in SIGNALS if values[name] is None} == {
        "distinct_1", "distinct_2", "distinct_3", "entropy_bits", "compression_ratio", "tail_coverage",
    }  # fmt: skip


def test_figures_do_not_depend_on_the_order_within_a_window():
    window = outputs(40, 6)
    assert window_values(window, TAIL, 1000, 2000) == window_values(window[::-1], TAIL, 1000, 2000)


def test_fresh_outputs_raise_no_alarm_and_look_like_the_baseline():
    quiet = series(outputs(40 * 60, 2, name="fresh"))
    assert [one.signal for one in quiet] == [name for name, _ in WATCHED]
    assert not any(step.alarm for one in quiet for step in one.steps)
    for one in quiet:
        z = [step.z for step in one.steps if step.z is not None]
        assert abs(sum(z) / len(z)) < 1


@pytest.mark.parametrize(
    ("made", "signals"),
    [
        (outputs(400, 3, shares=SHARES**1.2 / (SHARES**1.2).sum()),
         {"distinct_1", "distinct_2", "entropy_bits"}),
        ([without_rare_pairs(o) for o in outputs(400, 3)], {"tail_coverage"}),
        (outputs(400, 3, length=80), {"length"}),
        (outputs(400, 3, length=40), {"length"}),
        ([o._replace(ids=np.tile(o.ids[:12], 5)) for o in outputs(400, 3)], {"repetition", "distinct_2"}),
        (outputs(5, 3) * 80, {"self_bleu", "compression_ratio", "distinct_3"}),
    ],
)  # fmt: skip
def test_what_has_changed_raises_its_alarm(made, signals):
    alarmed = {one.signal for one in series(made) if any(step.alarm for step in one.steps)}
    assert signals <= alarmed


def test_an_alarm_needs_more_than_one_window_and_says_since_when():
    made = outputs(40 * 10, 8) + outputs(40 * 6, 3, length=90)
    length = next(one for one in series(made) if (one.signal, one.direction) == ("length", "above"))
    first = next(index for index, step in enumerate(length.steps) if step.alarm)
    assert 10 < first <= 12
    assert length.steps[first].since in (9, 10)


def test_a_short_baseline_asks_for_a_larger_step():
    short = make_baseline(outputs(400, 1), Ids(), 40)
    windows = [described(window, rare_pairs(short.tail), short) for window in in_windows(outputs(80, 2), 40)]
    (few, *_), (many, *_) = watched_series(windows, short.signals), series(outputs(80, 2))
    assert few.steps[0].allowance > many.steps[0].allowance


@pytest.mark.slow
def test_the_baselines_windows_are_not_those_that_its_rare_pairs_come_from():
    """Or coverage of fresh text would lie far below the baseline's, and raise an alarm at once."""
    windows = [described(w, TAIL, BASELINE) for w in in_windows(outputs(4000, 9, name="f"), 40)]
    fresh = [window.values["tail_coverage"] or 0 for window in windows]
    known = BASELINE.signals["tail_coverage"]
    uncertain = math.hypot(known.spread / math.sqrt(known.windows), known.spread / math.sqrt(len(fresh)))
    assert abs(sum(fresh) / len(fresh) - known.mean) < 4 * uncertain
    assert known.mean < 0.99


def test_a_baseline_is_the_same_whatever_the_order_and_too_few_outputs_are_one_line():
    made = outputs(800, 1)
    assert msgspec.json.encode(make_baseline(made[::-1], Ids(), 40)) == msgspec.json.encode(BASELINE)
    with pytest.raises(ValueError, match="398 outputs are too few for a baseline: windows of 40 take 400"):
        make_baseline(made[:398], Ids(), 40)
    with pytest.raises(ValueError, match="has no text"):
        make_baseline([o._replace(ids=o.ids[:0], text="") for o in made], Ids(), 40)


def test_a_signal_that_never_varies_in_the_baseline_is_no_alarm_at_its_first_stir():
    spread = BASELINE.signals["repetition"].spread
    assert spread >= 1 / BASELINE.tokens

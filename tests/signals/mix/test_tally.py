"""What a set turned out to be, against plain sums over its rows."""

import numpy as np
import pytest

from wellspring.schemas.label import HUMAN_UNVERIFIED, HUMAN_VERIFIED, SYNTHETIC_KNOWN
from wellspring.schemas.training_set import SetDocument, StratumPlan
from wellspring.signals.mix.tally import SetTally
from wellspring.signals.stats.count_min import CountMin
from wellspring.signals.stats.weighted_sample import Threshold

LABELS = (HUMAN_VERIFIED, HUMAN_UNVERIFIED, SYNTHETIC_KNOWN)


def row(i: int, **values) -> SetDocument:
    label = LABELS[i % 3]
    ordinary = {
        "id": f"d{i}",
        "text": "x",
        "source": "s",
        "added": None,
        "created": None,
        "metadata": "{}",
        "dump": None,
        "url": None,
        "date": None,
        "language": "en",
        "file_path": "f",
        "token_count": 10 + i % 7,
        "verdict": "ABSTAIN",
        "confidence": "LOW",
        "probability": (i % 10) / 10,
        "reasons": [],
        "batch_id": "b",
        "provenance": label,
        "run": "r",
        "stratum": label,
        "copy": 0,
        "copies": 1,
        "weight": 1.0,
        "rarity": None,
        "key": 0.1,
        "inclusion_probability": 0.5,
        "expected_copies": 0.25 + (i % 3) / 4,
    }
    return SetDocument(**(ordinary | values))


def tally_of(rows, held=()) -> SetTally:
    tally = SetTally()
    tally.add_rows(rows, held=False)
    tally.add_rows(list(held), held=True)
    return tally


def plan(*names: str) -> list[StratumPlan]:
    return [
        StratumPlan(
            name=n, documents=1, tokens=1, share=0.5, planned=1, low=None, high=None, room=0, synthetic=None
        )
        for n in names
    ]


def test_sums_by_stratum_merge_and_leave_the_held_out():
    rows = [row(i) for i in range(60)]
    whole = tally_of(rows, [row(99)])
    merged = tally_of(rows[:17])
    merged.merge(tally_of(rows[17:], [row(99)]))
    limits = {HUMAN_VERIFIED: Threshold(0.4, "x")}
    assert whole.drawn(plan(*LABELS), limits) == merged.drawn(plan(*LABELS), limits)
    by_name = {d.name: d for d in whole.drawn(plan(*LABELS), limits)}
    verified = [r for r in rows if r.provenance == HUMAN_VERIFIED]
    assert by_name[HUMAN_VERIFIED].tokens == sum(r.token_count for r in verified)
    assert by_name[HUMAN_VERIFIED].rows_held == 1
    assert by_name[HUMAN_VERIFIED].threshold == 0.4 and by_name[HUMAN_UNVERIFIED].threshold is None
    assert whole.tokens == sum(r.token_count for r in rows)


def test_effective_size_is_kish_s_within_strata():
    rows = [row(i, stratum="a", expected_copies=0.2 + i / 50) for i in range(40)]
    rows += [row(100 + i, stratum="b", expected_copies=0.001) for i in range(10)]
    weights = [1 / r.expected_copies for r in rows[:40]]
    kish = sum(weights) ** 2 / sum(w * w for w in weights)
    assert tally_of(rows).effective_sample_size() == pytest.approx(kish + 10)


def test_copies_count_tokens_and_a_document_once():
    rows = [row(1, copy=c, copies=3) for c in range(3)]
    tally = tally_of(rows)
    assert tally.copies == {3: 1}
    assert tally.tokens == 3 * rows[0].token_count
    assert tally.drawn(plan(HUMAN_UNVERIFIED), {})[0].documents == 1


def test_expected_synthetic_by_a_plain_sum():
    rows = [row(i) for i in range(90)]
    estimate, unjudged = tally_of(rows).expected_synthetic()
    p = {
        HUMAN_VERIFIED: lambda r: 0.0,
        SYNTHETIC_KNOWN: lambda r: 1.0,
        HUMAN_UNVERIFIED: lambda r: r.probability,
    }
    value = sum(p[r.provenance](r) * r.token_count for r in rows) / sum(r.token_count for r in rows)
    assert unjudged == 0 and estimate is not None
    assert estimate.value == pytest.approx(value)
    assert estimate.low < value < estimate.high


def test_who_was_not_judged_counts_by_the_label_s_mean():
    judged = [row(i, provenance=HUMAN_UNVERIFIED) for i in range(30)]
    silent = [row(100 + i, provenance=HUMAN_UNVERIFIED, probability=None) for i in range(10)]
    alone, _ = tally_of(judged).expected_synthetic()
    both, unjudged = tally_of([*judged, *silent]).expected_synthetic()
    assert unjudged == 10 and both is not None and alone is not None
    assert both.value == pytest.approx(alone.value)
    assert tally_of(silent).expected_synthetic() == (None, 10)


def test_rare_words_kept():
    """Against the true numbers: 3,200 words of two documents each, some once or twice in the set."""
    keys = np.arange(1, 3201, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    sketch = CountMin()
    sketch.add(keys)
    sketch.add(keys)
    tally = SetTally()
    tally.add_words([keys[:1600]], sketch)
    other = SetTally()
    other.add_words([keys[800:2400]], sketch)
    tally.merge(other)
    rare = tally.rare_types({}, {"a": 6400}, {"a": 100})
    assert rare.corpus == 3200
    assert rare.kept == pytest.approx(2400, rel=0.2)

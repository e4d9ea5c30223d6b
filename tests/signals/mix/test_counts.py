"""What the first pass counts: merged in any order, set apart exactly, read again as it was written."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wellspring.schemas.label import HUMAN_UNVERIFIED, HUMAN_VERIFIED, SYNTHETIC_KNOWN
from wellspring.schemas.training_set import TAIL, KeptOut
from wellspring.signals.mix.counts import Counted, MixCounts
from wellspring.signals.stats.count_min import CountMin
from wellspring.signals.stats.weighted_sample import uniform

LABELS = (HUMAN_VERIFIED, HUMAN_UNVERIFIED, SYNTHETIC_KNOWN)


def document(i: int, **values) -> Counted:
    ordinary = {
        "id": f"d{i}",
        "label": LABELS[i % 3],
        "tokens": 10 + i % 7,
        "u": uniform(1, f"d{i}"),
        "weight": 1 + (i % 4) * 0.7,
        "probability": None if i % 5 == 0 else (i % 10) / 10,
        "rarity": None if i % 6 == 0 else 1 + (i % 11) / 3,
    }
    return Counted(**(ordinary | values))


def counted(documents, tail_tokens=60) -> MixCounts:
    counts = MixCounts(2, tail_tokens)
    counts.add(documents)
    return counts


def state(counts: MixCounts):
    return counts.to_bytes()


@given(st.integers(1, 60), st.integers(0, 60), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_parts_merge_to_the_whole_in_any_order(n, cut, random):
    documents = [document(i) for i in range(n)]
    shuffled = list(documents)
    random.shuffle(shuffled)
    parts = counted(shuffled[:cut])
    parts.merge(counted(shuffled[cut:]))
    assert sorted(parts.rarest) == sorted(counted(documents).rarest)
    whole, merged = counted(documents).strata(), parts.strata()
    assert whole == merged or {k: (v[:3]) for k, v in whole.items()} == {
        k: (v[:3]) for k, v in merged.items()
    }


def test_it_is_read_as_it_was_written():
    counts = counted([document(i) for i in range(40)])
    counts.kept_out = [KeptOut(run="r", id="x", reason="anchor", detail="close")]
    counts.faults = ["something"]
    again = MixCounts.from_bytes(counts.to_bytes())
    assert state(again) == state(counts)
    assert again.strata() == counts.strata()


def test_the_rarest_are_the_rarest_verified_ones_that_the_budget_holds():
    documents = [document(i) for i in range(200)]
    counts = counted(documents, tail_tokens=60)
    before = counts.strata()[HUMAN_VERIFIED]
    last = counts.set_tail_apart(60)
    ordered = sorted(
        (d for d in documents if d.label == HUMAN_VERIFIED and d.rarity is not None),
        key=lambda d: (-d.rarity, d.id),
    )
    apart, room = [], 60
    for d in ordered:
        if d.tokens > room:
            break
        room -= d.tokens
        apart.append(d)
    assert last is not None and last.id == apart[-1].id
    strata = counts.strata()
    assert strata[TAIL][:2] == (len(apart), sum(d.tokens for d in apart))
    assert strata[HUMAN_VERIFIED].documents == before.documents - len(apart)
    assert strata[HUMAN_VERIFIED].tokens == before.tokens - sum(d.tokens for d in apart)
    # The keys of those that went are gone with them.
    rest = counted([d for d in documents if d not in apart], tail_tokens=0)
    assert strata[HUMAN_VERIFIED].keys == rest.strata()[HUMAN_VERIFIED].keys


def test_no_rare_document_no_tail():
    counts = counted([document(i, rarity=None) for i in range(30)])
    assert counts.set_tail_apart(60) is None
    assert TAIL not in counts.strata()


def test_expected_synthetic_tokens_follow_the_keys():
    documents = [document(i, label=HUMAN_UNVERIFIED, weight=1.0) for i in range(400)]
    counts = MixCounts(1)
    counts.add(documents)
    stratum = counts.strata()[HUMAN_UNVERIFIED]
    judged = [d for d in documents if d.probability is not None]
    whole = sum(d.probability * d.tokens for d in judged) / sum(d.tokens for d in judged)
    assert stratum.synthetic_share(stratum.tokens * 10) == pytest.approx(whole, abs=1e-6)
    assert stratum.synthetic_share(1) is not None
    human = MixCounts(1)
    human.add([document(i, label=HUMAN_VERIFIED) for i in range(9)])
    assert human.strata()[HUMAN_VERIFIED].synthetic_share(10) is None


def test_rare_words_are_counted_by_their_documents():
    sketch = CountMin(width=1 << 12)
    alone, shared, common = (np.array([k], dtype=np.uint64) for k in (11, 22, 33))
    texts = [
        np.concatenate([alone, shared, common]),
        np.concatenate([shared, common]),
        common,
    ]
    for keys in texts:
        sketch.add(keys)
    counts = MixCounts(1)
    counts.add_words("a", texts, sketch)
    assert (counts.singles["a"], counts.doubles["a"]) == (1, 2)
    counts.add_words("a", [], sketch)
    assert counts.singles["a"] == 1

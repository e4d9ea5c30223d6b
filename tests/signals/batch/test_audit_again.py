"""An audit made again from the stored one is the audit that the batch would have got."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.documents import batch, measured
from wellspring.schemas.label import LIKELY_HUMAN, SYNTHETIC, Label
from wellspring.schemas.profile import Gate, GateTest, Limit
from wellspring.signals.batch.audit import audit_batch
from wellspring.signals.batch.audit_again import Judged, audit_again, needs_counts
from wellspring.signals.entropy import token_counts
from wellspring.signals.verdict.profiles import SEED

VOCABULARY = 50


def profile(signal: str, limit: float, direction: str, floor: float):
    gate = Gate(
        signal=signal,
        direction=direction,
        languages={"en": Limit(limit=limit, batches=3, mean=limit / 2 + 1, spread=1)},
        also=[
            GateTest(
                signal="confident_share",
                direction="above",
                languages={"en": Limit(limit=0.4, batches=3, mean=0.1, spread=1)},
            )
        ],
        unigram_floor=floor,
    )
    return SEED.model_copy(update={"name": f"by {signal}", "gate": gate})


def labels(probabilities: list[float | None]) -> list[Label]:
    return [
        Label(
            provenance="human_unverified",
            verdict=SYNTHETIC if p is not None and p > 0.5 else LIKELY_HUMAN,
            confidence="LOW",
            probability=p,
            reasons=[],
        )
        for p in probabilities
    ]


probabilities = st.lists(st.none() | st.floats(0, 1), min_size=4, max_size=4)
signals = st.sampled_from(
    ["entropy_bits", "cross_entropy_bits", "mean_log_odds", "confident_share", "tail_coverage"]
)
profiles = st.builds(
    profile,
    signal=signals,
    limit=st.floats(-3, 9),
    direction=st.sampled_from(["below", "above"]),
    floor=st.sampled_from([1.0, 3.2]),
)


@settings(deadline=None, max_examples=60)
@given(
    ids=st.lists(st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=30), min_size=4, max_size=4),
    before=st.tuples(profiles, probabilities),
    now=st.tuples(profiles, probabilities),
    gated=st.booleans(),
    modes=st.tuples(*[st.sampled_from(["monitor", "enforce"])] * 2),
    on_the_edge=st.booleans(),
)
def test_it_is_the_audit_from_scratch(ids, before, now, gated, modes, on_the_edge):
    documents = [measured(f"d{i}", tuple(row), nll=300.0 + i, tokens=len(row)) for i, row in enumerate(ids)]
    one = batch(documents, gated=gated)

    def audited(profile, its_probabilities, mode):
        return audit_batch(
            one, labels(its_probabilities), profile=profile, gate=mode, vocab_size=VOCABULARY, scorer="s"
        )

    stored = audited(*before, modes[0])
    new_profile, new_probabilities = now
    if on_the_edge:  # the rounded entropy itself
        gate = new_profile.gate.model_copy(update={"unigram_floor": stored.entropy_bits})
        new_profile = new_profile.model_copy(update={"gate": gate})
    counts = token_counts([d.token_ids for d in documents], VOCABULARY)
    again = audit_again(
        stored,
        [Judged(x.probability, x.verdict) for x in reversed(labels(new_probabilities))],
        profile=new_profile,
        gate=modes[1],
        counts=counts[counts > 0] if needs_counts(stored, new_profile.gate) else None,
    )
    assert again == audited(new_profile, new_probabilities, modes[1])


@pytest.mark.parametrize(
    ("signal", "floor", "needed"),
    [("mattr", 3.0, False), ("mattr", 2.0, True), ("entropy_bits", 3.0, True)],
)
def test_tokens_are_counted_again_only_where_the_rounding_matters(signal, floor, needed):
    ids = tuple(range(4)) * 5  # 2 bits
    stored = audit_batch(
        batch([measured("a", ids), measured("b", ids)]),
        labels([None, 0.5]),
        profile=profile("mattr", 0.5, "below", 3.2),
        gate="monitor",
        vocab_size=VOCABULARY,
        scorer=None,
    )
    assert stored.entropy_bits == 2.0
    assert needs_counts(stored, profile(signal, 0.5, "below", floor).gate) is needed

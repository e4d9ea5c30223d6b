import math

import pytest

from tests.documents import batch, measured
from wellspring.schemas.label import Label
from wellspring.schemas.profile import Gate, GateTest, Limit, Profile
from wellspring.signals.batch.audit import audit_batch, find_limits
from wellspring.signals.batch.ticket import make_ticket
from wellspring.signals.verdict.profiles import SEED

STRATUM = '{"source":"web-archive","language":"en"}'
LIMIT = Limit(limit=5.0, batches=40, mean=6.0, spread=0.4)


def profile(**gate: object) -> Profile:
    values = {"signal": "cross_entropy_bits", "direction": "below", "languages": {"en": LIMIT}}
    return SEED.model_copy(update={"name": "tight", "can_enforce": True, "gate": Gate(**(values | gate))})


def labels(n: int, verdict: str = "LIKELY_HUMAN") -> list[Label]:
    one = Label(provenance="human_unverified", verdict=verdict, confidence="LOW", probability=0.0, reasons=[])
    return [one] * n


def documents(bits: float, n: int = 4):
    return [measured(f"d{i}", nll=200 * bits * math.log(2), scored_tokens=200) for i in range(n)]


def audit(bits: float, gate: str = "enforce", with_profile: Profile | None = None, **values: object):
    return audit_batch(
        batch(documents(bits), **values),
        labels(4),
        profile=with_profile or profile(),
        gate=gate,
        vocab_size=10,
        scorer="0123456789abcdef",
    )


@pytest.mark.parametrize(
    ("bits", "gate", "action", "held"),
    [
        (4.99, "enforce", "HOLD_FOR_REVIEW", True),
        (4.99, "monitor", "HOLD_FOR_REVIEW", False),
        (5.01, "enforce", "PROCEED", False),
    ],
)
def test_the_point_estimate_decides_and_only_enforce_holds(bits, gate, action, held):
    result = audit(bits, gate)
    assert (result.action, result.held, result.gated) == (action, held, True)
    assert (result.signal, result.limit, result.basis) == ("cross_entropy_bits", 5.0, "language en")
    assert result.value == pytest.approx(bits)


def test_a_ceiling_holds_what_lies_above():
    above = profile(direction="above")
    assert audit(5.01, with_profile=above).held
    assert not audit(4.99, with_profile=above).held


@pytest.mark.parametrize(
    ("values", "basis"),
    [
        ({"gated": False}, "not gated: the stratum is smaller than half a batch"),
        (
            {"stratum": {"source": "a", "language": "de"}},
            "not gated: the profile has no limit for language de",
        ),
        ({"stratum": {"source": "a"}}, "not gated: the profile has no limit for language unknown"),
    ],
)
def test_what_cannot_be_judged_is_measured_and_proceeds(values, basis):
    result = audit(1.0, **values)
    assert (result.action, result.held, result.gated, result.limit) == ("PROCEED", False, False, None)
    assert result.basis == basis
    assert result.value == pytest.approx(1.0)


def test_a_stratum_has_its_own_limit_before_its_languages():
    own = LIMIT.model_copy(update={"limit": 7.0})
    gate = profile(strata={'{"source":"web-archive","language":"en"}': own}).gate
    assert find_limits(gate, {"source": "web-archive", "language": "en"}) == ([(gate, own)], "stratum")
    assert find_limits(gate, {"source": "other", "language": "en"}) == ([(gate, LIMIT)], "language en")


REPEATS = GateTest(
    signal="mattr",
    direction="below",
    languages={"en": Limit(limit=0.75, batches=40, mean=0.8, spread=0.02)},
    strata={STRATUM: Limit(limit=0.7, batches=20, mean=0.78, spread=0.03)},
)


def test_a_batch_is_held_by_any_test_and_the_one_furthest_beyond_its_limit_is_named():
    two = profile(also=[REPEATS.model_copy(update={"strata": {}})])
    passing = audit(5.01, with_profile=two)  # mattr is 0.8, the mean of human batches
    assert (passing.action, passing.signal, passing.gated) == ("PROCEED", "cross_entropy_bits", True)
    assert len(passing.tests) == 2
    tight = REPEATS.languages["en"].model_copy(update={"limit": 0.81, "mean": 0.9})
    held = audit(
        5.01,
        with_profile=profile(also=[REPEATS.model_copy(update={"languages": {"en": tight}, "strata": {}})]),
    )
    assert (held.action, held.signal, held.limit) == ("HOLD_FOR_REVIEW", "mattr", 0.81)
    assert held.value == pytest.approx(0.8)
    assert held.margin == pytest.approx(-0.01)
    assert (held.interval_low, held.interval_high) == (held.mattr_low, held.mattr_high)
    both = audit(
        4.0,
        with_profile=two.model_copy(
            update={
                "gate": two.gate.model_copy(
                    update={"also": [REPEATS.model_copy(update={"languages": {"en": tight}, "strata": {}})]}
                )
            }
        ),
    )
    assert both.signal == "cross_entropy_bits"  # twice the way to its limit; mattr a ninth more than the way
    assert ["beyond" in line for line in both.tests] == [True, True]


def test_limits_of_a_source_and_of_its_language_are_never_mixed():
    gate = profile(also=[REPEATS]).gate
    assert find_limits(gate, {"source": "web-archive", "language": "en"}) == (
        [(REPEATS, REPEATS.strata[STRATUM])], "stratum",
    )  # fmt: skip
    found, basis = find_limits(gate, {"source": "other", "language": "en"})
    assert ([limit for _, limit in found], basis) == ([LIMIT, REPEATS.languages["en"]], "language en")
    own = audit(4.0, with_profile=profile(also=[REPEATS]))
    assert (own.action, own.signal, own.own_baseline) == ("PROCEED", "mattr", True)


def test_a_test_whose_signal_is_undefined_is_passed_over():
    absent = GateTest(signal="binoculars", direction="below", languages={"en": LIMIT})
    result = audit(4.99, with_profile=profile(also=[absent]))
    assert (result.held, result.signal, len(result.tests)) == (True, "cross_entropy_bits", 1)


def test_the_ticket_lists_the_other_tests():
    ticket = make_ticket(
        audit(4.75, with_profile=profile(also=[REPEATS.model_copy(update={"strata": {}})])), labels(4)
    )
    assert ticket.why == (
        "cross_entropy_bits is 4.750, below the limit of 5.000 (language en) by 0.250; "
        "mattr 0.8, within its limit of 0.75 (held below it; human batches 0.8)"
    )
    assert ticket.would_pass == "cross_entropy_bits at least 5.000, and every other test within its limit"


@pytest.mark.parametrize(
    ("direction", "bits", "margin"), [("below", 5.5, 0.5), ("below", 4.75, -0.25), ("above", 4.75, 0.25)]
)
def test_the_margin_is_what_is_left_on_the_passing_side(direction, bits, margin):
    result = audit(bits, with_profile=profile(direction=direction))
    assert result.margin == pytest.approx(margin)
    assert (result.margin < 0) == result.held
    assert audit(bits, gated=False).margin is None


def test_a_limit_of_the_stratum_itself_is_a_baseline_of_its_own():
    own = profile(strata={'{"source":"web-archive","language":"en"}': LIMIT})
    assert audit(4.0, with_profile=own).own_baseline
    assert not audit(4.0, with_profile=own, gated=False).own_baseline
    assert not audit(4.0).own_baseline


def test_what_decides_stands_among_the_signals_with_the_same_interval():
    result = audit(4.5)
    assert result.cross_entropy_bits == result.value
    assert (result.cross_entropy_bits_low, result.cross_entropy_bits_high) == (
        result.interval_low, result.interval_high,
    )  # fmt: skip
    assert result.mean_log_odds == -8.0
    assert result.distinct_2 == 3 / 12
    assert result.tail_coverage is None
    entropy = audit(4.5, "monitor", SEED)
    assert entropy.value == 2.0
    assert entropy.interval_low == entropy.entropy_bits_low == 2.0


def test_the_seeds_unigram_audit_is_recorded_beside_what_decides():
    result = audit(4.0)
    assert (result.entropy_bits, result.type_token_ratio) == (2.0, 0.25)
    assert (result.below_floor, result.synthetic_risk) == (True, "HIGH")
    seed = audit(4.0, "monitor", SEED)
    assert (seed.signal, seed.value, seed.limit, seed.action) == ("entropy_bits", 2.0, 3.2, "HOLD_FOR_REVIEW")


def test_a_batch_without_scores_is_not_gated_by_the_scorer():
    unscored = [measured(f"d{i}", nll=None, scored_tokens=None) for i in range(4)]
    result = audit_batch(
        batch(unscored), labels(4), profile=profile(), gate="monitor", vocab_size=10, scorer=None
    )
    assert (result.gated, result.value) == (False, None)
    assert result.basis == "not gated: cross_entropy_bits is undefined for every document"


def test_the_ticket_says_why_and_what_would_have_passed():
    ticket = make_ticket(audit(4.75), labels(4))
    assert ticket.margin == pytest.approx(0.25)
    assert ticket.why == "cross_entropy_bits is 4.750, below the limit of 5.000 (language en) by 0.250"
    assert ticket.would_pass == "cross_entropy_bits at least 5.000"
    assert ticket.labels == {"human_unverified": 4}
    with pytest.raises(ValueError, match="was not held"):
        make_ticket(audit(5.5), labels(4))

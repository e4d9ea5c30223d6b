import math

import pytest

from schemas.label import Label
from schemas.profile import Gate, Limit, Profile
from signals.audit import audit_batch, find_limit
from signals.profiles import SEED
from signals.ticket import make_ticket
from tests.documents import batch, measured

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
    assert find_limit(gate, {"source": "web-archive", "language": "en"}) == (own, "stratum")
    assert find_limit(gate, {"source": "other", "language": "en"}) == (LIMIT, "language en")


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

"""The audit of a training batch and what it decides."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from wellspring.schemas.audit import HOLD_FOR_REVIEW, PROCEED, SIGNALS, Audit, GateMode
from wellspring.schemas.batch import TrainingBatch
from wellspring.schemas.label import SYNTHETIC, Label
from wellspring.schemas.profile import Direction, Gate, GateTest, Limit, Profile
from wellspring.signals.batch.batch_sums import batch_estimates, batch_sums
from wellspring.signals.batch.tail_coverage import TailReference
from wellspring.signals.entropy import entropy_audit_of_counts
from wellspring.signals.stats.intervals import Estimate
from wellspring.signals.verdict.votes import beyond

Estimates = Mapping[str, Estimate | None]
"""Of every signal, by name."""
ANY_LANGUAGE = "*"
OWN_BASELINE = "stratum"
"""What `find_limits` says of a limit set for that very stratum."""
TOO_SMALL = "not gated: the stratum is smaller than half a batch"
"""The basis of the audit of such a batch."""


def stratum_key(stratum: dict[str, str]) -> str:
    """A stratum as JSON, keys in their own order: how profiles and audits name it."""
    return msgspec.json.encode(stratum).decode()


def find_limits(gate: Gate, stratum: dict[str, str]) -> tuple[list[tuple[GateTest, Limit]], str]:
    """The tests that have a limit for a stratum, and where their limits come from: all of them its own, or
    all its language's, or there is none.
    """
    language = stratum.get("language", "")
    found: list[tuple[GateTest, Limit]] = []
    for which, key, basis in (
        ("strata", stratum_key(stratum), OWN_BASELINE),
        ("languages", language, f"language {language}"),
        ("languages", ANY_LANGUAGE, "any language"),
    ):
        for test in gate.tests:
            limits: dict[str, Limit] = getattr(test, which)
            if key in limits:
                found.append((test, limits[key]))
        if found:
            return found, basis
    return [], f"not gated: the profile has no limit for language {language or 'unknown'}"


def margin(value: float, limit: float, direction: Direction) -> float:
    """How far a value lies from its limit on the passing side; negative beyond the limit."""
    return value - limit if direction == "below" else limit - value


class Tried(NamedTuple):
    """A test of the gate on one batch."""

    test: GateTest
    limit: Limit
    estimate: Estimate

    @property
    def held(self) -> bool:
        return beyond(self.estimate.value, self.limit.limit, self.test.direction)

    @property
    def reach(self) -> float:
        """The way from the mean of human batches to the limit that the value went: 1 at the limit."""
        way = self.limit.limit - self.limit.mean
        return (self.estimate.value - self.limit.mean) / way if way else 1.0

    def in_words(self) -> str:
        state = "beyond" if self.held else "within"
        return (
            f"{self.test.signal} {self.estimate.value:.4g}, {state} its limit of {self.limit.limit:.4g} "
            f"(held {self.test.direction} it; human batches {self.limit.mean:.4g})"
        )


def try_tests(gate: Gate, stratum: dict[str, str], estimates: Estimates) -> tuple[list[Tried], str]:
    """The tests that can decide on a batch, the one that went furthest first, and the basis of their limits
    or why there are none. A test whose signal is undefined is passed over.
    """
    found, basis = find_limits(gate, stratum)
    tried = [
        Tried(test, limit, estimate)
        for test, limit in found
        if (estimate := estimates[test.signal]) is not None
    ]
    if found and not tried:
        names = ", ".join(test.signal for test, _ in found)
        return [], f"not gated: {names} is undefined for every document"
    return sorted(tried, key=lambda one: (not one.held, -one.reach)), basis


def audit_batch(
    batch: TrainingBatch,
    labels: Sequence[Label],
    *,
    profile: Profile,
    gate: GateMode,
    vocab_size: int,
    scorer: str | None,
    tail: TailReference | None = None,
) -> Audit:
    """Measures a scored batch, compares it with its stratum's limit and decides.

    The point estimates decide, the intervals are for the reviewer. A batch is held only under
    `enforce`; `monitor` records the same action and holds nothing. A batch that is not gated, or
    whose signals are undefined, proceeds, and `basis` says why.

    Args:
        labels: one a document of the batch, in its order.
        vocab_size: of the tokenizer that made the batch's ids.
        tail: the rare pairs of that tokenizer's reference text; without them tail coverage is null.

    Raises:
        ValueError: the batch has no tokens, or an id lies outside the vocabulary.
    """
    sums = batch_sums(
        batch.documents, [label.probability for label in labels], vocab_size=vocab_size, tail=tail
    )
    unigram = entropy_audit_of_counts(sums.counts.sum(axis=0), profile.gate.unigram_floor)
    estimates = batch_estimates(sums, tail)
    columns: dict[str, Any] = decision(profile, gate, batch.stratum, estimates, large_enough=batch.gated)
    for name in SIGNALS:
        columns |= estimate_columns(name, estimates[name])
    del columns["entropy_bits"]  # the seed's, rounded, stands in its place
    return Audit(
        batch_id=batch.batch_id,
        window_start=batch.window_start,
        window_end=batch.window_end,
        stratum=stratum_key(batch.stratum),
        source=batch.stratum.get("source"),
        language=batch.stratum.get("language"),
        documents=len(batch.documents),
        tokens=sum(d.measurements.tokens for d in batch.documents),
        entropy_bits=unigram["entropy_bits"],
        type_token_ratio=unigram["type_token_ratio"],
        below_floor=unigram["below_floor"],
        synthetic_risk=unigram["synthetic_risk"],
        suspected_share=suspected_share([label.verdict for label in labels]),
        scorer=scorer,
        **columns,
    )


def decision(
    profile: Profile, gate: GateMode, stratum: dict[str, str], estimates: Estimates, *, large_enough: bool
) -> dict[str, Any]:
    """The columns of an audit that say what the profile's gate makes of a batch's signals.

    Args:
        large_enough: False for the batch of a stratum that is too small to be judged.
    """
    tried, basis = try_tests(profile.gate, stratum, estimates)
    if not large_enough:
        tried, basis = [], TOO_SMALL
    first = tried[0] if tried else None
    test = first.test if first else profile.gate
    value, limit = estimates[test.signal], first.limit if first else None
    hold = first is not None and first.held
    return {
        "action": HOLD_FOR_REVIEW if hold else PROCEED,
        "gated": bool(tried),
        "held": hold and gate == "enforce",
        "signal": test.signal,
        "value": value.value if value else None,
        "limit": limit.limit if limit else None,
        "direction": test.direction,
        "interval_low": value.low if value else None,
        "interval_high": value.high if value else None,
        "margin": margin(value.value, limit.limit, test.direction) if value and limit else None,
        "basis": basis,
        "tests": [one.in_words() for one in tried],
        "own_baseline": bool(tried) and basis == OWN_BASELINE,
        "profile": profile.name,
    }


def estimate_columns(signal: str, estimate: Estimate | None) -> dict[str, float | None]:
    """The columns of an audit in which a signal stands with its interval."""
    value, low, high = estimate or (None, None, None)
    return {signal: value, f"{signal}_low": low, f"{signal}_high": high}


def suspected_share(verdicts: Sequence[str]) -> float:
    """Share of documents, at least one, whose verdict is SYNTHETIC."""
    return sum(verdict == SYNTHETIC for verdict in verdicts) / len(verdicts)

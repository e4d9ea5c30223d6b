"""The audit of a batch under another profile, from the audit that a finished run stored.

What was measured on tokens and by the scorer stands in it. What a profile has a part in is made again: the
signals of the documents' probabilities, the unigram floor, the decision.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from wellspring.schemas.audit import SIGNALS, Audit, GateMode
from wellspring.schemas.measurements import Measurements
from wellspring.schemas.profile import Gate, Profile
from wellspring.signals.batch.audit import TOO_SMALL, decision, estimate_columns, suspected_share
from wellspring.signals.batch.batch_signals import LINEAR_SIGNALS, UNIGRAM_ENTROPY, Document
from wellspring.signals.entropy import entropy_audit_of_counts
from wellspring.signals.stats.entropy_bias import frequencies_of, plug_in_entropy
from wellspring.signals.stats.intervals import Estimate
from wellspring.signals.stats.ratio_sums import RatioSums

OF_THE_PROFILE = ("mean_log_odds", "confident_share")
"""Signals of a batch that are made of its documents' probabilities."""
_HALF_A_STEP = 0.0005
"""An audit keeps the unigram entropy rounded to 3 decimals."""
_ROUNDING = 1e-9
"""More than two ways of summing up an entropy can differ by."""
_UNSEEN = Measurements(
    id="",
    language=None,
    bytes=0,
    tokens=0,
    words=0,
    sentences=0,
    burstiness=None,
    type_token_ratio=None,
    mattr=None,
)
"""In the place of measurements, for signals that look at probabilities alone."""


class Judged(NamedTuple):
    """What an audit takes from the judgement of one document."""

    probability: float | None
    verdict: str


def needs_counts(audit: Audit, gate: Gate) -> bool:
    """Whether the rounded unigram entropy of an audit is too coarse for another gate, so that the batch's
    tokens must be counted again: the gate tests it, or its floor lies within the rounding.
    """
    if audit.signal == UNIGRAM_ENTROPY and audit.value is not None:  # what decided is kept in full
        return abs(audit.value - gate.unigram_floor) <= _ROUNDING
    tested = any(test.signal == UNIGRAM_ENTROPY for test in gate.tests)
    return tested or abs(audit.entropy_bits - gate.unigram_floor) <= _HALF_A_STEP


def audit_again(
    audit: Audit,
    judged: Sequence[Judged],
    *,
    profile: Profile,
    gate: GateMode,
    counts: NDArray[np.int64] | None = None,
) -> Audit:
    """The audit that `signals.batch.audit.audit_batch` would make of the same batch under this profile.

    Args:
        judged: one for each document of the batch, in any order.
        counts: how often each token id occurs in the batch, where `needs_counts` asks for it.
    """
    estimates = {signal: _stored(audit, signal) for signal in SIGNALS}
    for signal in OF_THE_PROFILE:
        estimates[signal] = _of_probabilities(signal, [one.probability for one in judged])
    entropy = estimates[UNIGRAM_ENTROPY]
    assert entropy is not None  # every batch has tokens
    if counts is not None:
        entropy = estimates[UNIGRAM_ENTROPY] = entropy._replace(value=plug_in_entropy(frequencies_of(counts)))
        below = bool(entropy_audit_of_counts(counts, profile.gate.unigram_floor)["below_floor"])
    else:
        below = entropy.value < profile.gate.unigram_floor
    columns: dict[str, float | None] = {}
    for signal in OF_THE_PROFILE:
        columns |= estimate_columns(signal, estimates[signal])
    stratum = msgspec.json.decode(audit.stratum, type=dict[str, str])
    return msgspec.structs.replace(
        audit,
        below_floor=below,
        synthetic_risk="HIGH" if below else "LOW",
        suspected_share=suspected_share([one.verdict for one in judged]),
        **columns,
        **decision(profile, gate, stratum, estimates, large_enough=audit.basis != TOO_SMALL),
    )


def _stored(audit: Audit, signal: str) -> Estimate | None:
    value, low, high = audit.estimate(signal)
    return None if value is None else Estimate(value, low, high)


def _of_probabilities(signal: str, probabilities: Sequence[float | None]) -> Estimate | None:
    of = LINEAR_SIGNALS[signal]
    sums = RatioSums.of(pair for p in probabilities if (pair := of(Document(_UNSEEN, p))) is not None)
    return sums.estimate() if sums.w else None

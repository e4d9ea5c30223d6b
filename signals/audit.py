"""The audit of a training batch and what it decides."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from schemas.audit import HOLD_FOR_REVIEW, PROCEED, SIGNALS, Audit
from schemas.batch import TrainingBatch
from schemas.label import SYNTHETIC, Label
from schemas.profile import Direction, Gate, Limit, Profile
from signals.batch_sums import batch_estimates, batch_sums
from signals.entropy import entropy_audit_of_counts
from signals.tail_coverage import TailReference
from signals.votes import beyond

GateMode = Literal["monitor", "enforce"]
ANY_LANGUAGE = "*"
OWN_BASELINE = "stratum"
"""What `find_limit` says of a limit set for that very stratum."""


def stratum_key(stratum: dict[str, str]) -> str:
    """A stratum as JSON, keys in their own order: how profiles and audits name it."""
    return msgspec.json.encode(stratum).decode()


def find_limit(gate: Gate, stratum: dict[str, str]) -> tuple[Limit | None, str]:
    """The limit for a stratum and where it comes from: its own, its language's, or none."""
    key = stratum_key(stratum)
    if key in gate.strata:
        return gate.strata[key], OWN_BASELINE
    language = stratum.get("language", "")
    if language in gate.languages:
        return gate.languages[language], f"language {language}"
    if ANY_LANGUAGE in gate.languages:
        return gate.languages[ANY_LANGUAGE], "any language"
    return None, f"not gated: the profile has no limit for language {language or 'unknown'}"


def margin(value: float, limit: float, direction: Direction) -> float:
    """How far a value lies from its limit on the passing side; negative beyond the limit."""
    return value - limit if direction == "below" else limit - value


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

    The point estimate decides, the interval is for the reviewer. A batch is held only under
    `enforce`; `monitor` records the same action and holds nothing. A batch that is not gated, or
    whose signal is undefined, proceeds, and `basis` says why.

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

    signal, direction = profile.gate.signal, profile.gate.direction
    limit, basis = find_limit(profile.gate, batch.stratum)
    value = estimates[signal]
    if not batch.gated:
        limit, basis = None, "not gated: the stratum is smaller than half a batch"
    elif value is None:
        limit, basis = None, f"not gated: {signal} is undefined for every document"
    hold = limit is not None and value is not None and beyond(value.value, limit.limit, direction)
    columns: dict[str, float | None] = {}
    for name in SIGNALS:
        estimate = estimates[name]
        columns[name] = estimate.value if estimate else None
        columns[f"{name}_low"] = estimate.low if estimate else None
        columns[f"{name}_high"] = estimate.high if estimate else None
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
        action=HOLD_FOR_REVIEW if hold else PROCEED,
        gated=limit is not None,
        held=hold and gate == "enforce",
        signal=signal,
        value=value.value if value else None,
        limit=limit.limit if limit else None,
        direction=direction,
        interval_low=value.low if value else None,
        interval_high=value.high if value else None,
        margin=margin(value.value, limit.limit, direction) if value and limit else None,
        basis=basis,
        own_baseline=limit is not None and basis == OWN_BASELINE,
        suspected_share=sum(label.verdict == SYNTHETIC for label in labels) / len(labels),
        profile=profile.name,
        scorer=scorer,
        **columns,
    )

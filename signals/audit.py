"""The audit of a training batch and what it decides."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from schemas.audit import HOLD_FOR_REVIEW, PROCEED, Audit
from schemas.batch import TrainingBatch
from schemas.label import SYNTHETIC, Label
from schemas.profile import Gate, Limit, Profile
from signals.batch_signals import (
    LINEAR_SIGNALS,
    UNIGRAM_ENTROPY,
    Document,
    linear_signal,
    unigram_entropy_estimate,
)
from signals.entropy import batch_entropy_audit, unpack_ids
from signals.votes import beyond

GateMode = Literal["monitor", "enforce"]
ANY_LANGUAGE = "*"


def stratum_key(stratum: dict[str, str]) -> str:
    """A stratum as JSON, keys in their own order: how profiles and audits name it."""
    return msgspec.json.encode(stratum).decode()


def find_limit(gate: Gate, stratum: dict[str, str]) -> tuple[Limit | None, str]:
    """The limit for a stratum and where it comes from: its own, its language's, or none."""
    key = stratum_key(stratum)
    if key in gate.strata:
        return gate.strata[key], "stratum"
    language = stratum.get("language", "")
    if language in gate.languages:
        return gate.languages[language], f"language {language}"
    if ANY_LANGUAGE in gate.languages:
        return gate.languages[ANY_LANGUAGE], "any language"
    return None, f"not gated: the profile has no limit for language {language or 'unknown'}"


def audit_batch(
    batch: TrainingBatch,
    labels: Sequence[Label],
    *,
    profile: Profile,
    gate: GateMode,
    vocab_size: int,
    scorer: str | None,
) -> Audit:
    """Measures a scored batch, compares it with its stratum's limit and decides.

    The point estimate decides, the interval is for the reviewer. A batch is held only under
    `enforce`; `monitor` records the same action and holds nothing. A batch that is not gated, or
    whose signal is undefined, proceeds, and `basis` says why.

    Args:
        labels: one a document of the batch, in its order.
        vocab_size: of the tokenizer that made the batch's ids.

    Raises:
        ValueError: the batch has no tokens, or an id lies outside the vocabulary.
    """
    measurements = [d.measurements for d in batch.documents]
    token_ids = [unpack_ids(d.token_ids) for d in batch.documents]
    packed = [d.token_ids for d in batch.documents]
    unigram = batch_entropy_audit(packed, vocab_size, profile.gate.unigram_floor)
    documents = [Document(m, label.probability) for m, label in zip(measurements, labels, strict=True)]
    linear = {name: linear_signal(name, documents) for name in LINEAR_SIGNALS}

    signal, direction = profile.gate.signal, profile.gate.direction
    limit, basis = find_limit(profile.gate, batch.stratum)
    value = unigram_entropy_estimate(token_ids, vocab_size) if signal == UNIGRAM_ENTROPY else linear[signal]
    if not batch.gated:
        limit, basis = None, "not gated: the stratum is smaller than half a batch"
    elif value is None:
        limit, basis = None, f"not gated: {signal} is undefined for every document"
    hold = limit is not None and value is not None and beyond(value.value, limit.limit, direction)
    means = {name: estimate.value if estimate else None for name, estimate in linear.items()}
    return Audit(
        batch_id=batch.batch_id,
        window_start=batch.window_start,
        window_end=batch.window_end,
        stratum=stratum_key(batch.stratum),
        source=batch.stratum.get("source"),
        language=batch.stratum.get("language"),
        documents=len(batch.documents),
        tokens=sum(m.tokens for m in measurements),
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
        basis=basis,
        cross_entropy_bits=means["cross_entropy_bits"],
        surprisal_spread=means["surprisal_spread"],
        curvature=means["curvature"],
        log_rank=means["log_rank"],
        mean_log_odds=means["mean_log_odds"],
        suspected_share=sum(label.verdict == SYNTHETIC for label in labels) / len(labels),
        profile=profile.name,
        scorer=scorer,
    )

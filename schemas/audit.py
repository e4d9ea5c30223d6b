"""The entropy record of one training batch: a row of `audits/`."""

import msgspec

PROCEED = "PROCEED"
HOLD_FOR_REVIEW = "HOLD_FOR_REVIEW"


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured on a batch, against what, and what was decided.

    `entropy_bits`, `type_token_ratio`, `below_floor` and `synthetic_risk` are the unigram audit
    of `signals.entropy.batch_entropy_audit`. `action` is decided by `signal`: HOLD_FOR_REVIEW when
    `value` lies on the `direction` side of `limit`. `limit` is null, and `gated` False, when
    nothing could decide; `basis` says which limit was used or why none. `interval_low` and
    `interval_high` bound `value` at 95%, with documents as the unit. `held` is False under the
    gate `monitor`, which only records the action.
    """

    batch_id: str
    window_start: str | None
    window_end: str | None
    stratum: str
    """The stratum as a JSON object, keys in the order of `--batch_by`."""
    source: str | None
    language: str | None
    documents: int
    tokens: int
    entropy_bits: float
    type_token_ratio: float
    below_floor: bool
    synthetic_risk: str
    action: str
    gated: bool
    held: bool
    signal: str
    value: float | None
    limit: float | None
    direction: str
    interval_low: float | None
    interval_high: float | None
    basis: str
    cross_entropy_bits: float | None
    """Mean bits a token under the scorer, over the batch."""
    surprisal_spread: float | None
    """Mean over documents of the standard deviation of surprisal, nats."""
    curvature: float | None
    """Mean over documents."""
    log_rank: float | None
    """Mean over documents."""
    mean_log_odds: float | None
    """Mean over documents of the log-odds of being synthetic, each at most 8 either way."""
    suspected_share: float
    """Share of documents whose verdict is SYNTHETIC."""
    profile: str
    scorer: str | None

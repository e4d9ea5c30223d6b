"""The entropy record of one training batch: a row of `audits/`."""

import msgspec

PROCEED = "PROCEED"
HOLD_FOR_REVIEW = "HOLD_FOR_REVIEW"

SIGNALS = (
    "entropy_bits",
    "corrected_entropy_bits",
    "cross_entropy_bits",
    "surprisal_spread",
    "curvature",
    "log_rank",
    "mean_log_odds",
    "confident_share",
    "binoculars",
    "mattr",
    "tail_coverage",
    "missing_mass",
    "distinct_2",
    "compression_ratio",
)
"""The signals of a batch: columns `<name>`, `<name>_low`, `<name>_high`."""


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured on a batch, against what, and what was decided.

    `entropy_bits`, `type_token_ratio`, `below_floor` and `synthetic_risk` are the unigram audit
    of `signals.entropy.batch_entropy_audit`. `action` is HOLD_FOR_REVIEW when one of the gate's tests
    holds the batch. `signal` is that of the test that went furthest beyond its limit, or came nearest to
    it: its `value` against its `limit`, held on the `direction` side; `tests` has all of them in words.
    `limit` is null, and `gated` False, when nothing could decide; `basis` says which limits were used or
    why none. `interval_low` and
    `interval_high` bound `value` at 95%, with documents as the unit. `held` is False under the
    gate `monitor`, which only records the action.

    Every signal stands in a column of its own, with its 95% interval in `<name>_low` and `<name>_high`;
    documents are the unit of all of them. A signal is null where it is undefined, its interval where
    the batch has too few documents. Runs of an earlier version lack some of the columns.
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
    margin: float | None = None
    """How far `value` lies from `limit` on the passing side: negative when it is to be held, null when
    nothing could decide."""
    basis: str
    tests: list[str] = []
    """A line for each test that could decide, the one of `signal` first."""
    own_baseline: bool = False
    """The limit was set from human batches of this very stratum."""
    entropy_bits_low: float | None = None
    entropy_bits_high: float | None = None
    corrected_entropy_bits: float | None = None
    """Unigram entropy with most of its bias removed (Chao and Shen 2003), bits."""
    corrected_entropy_bits_low: float | None = None
    corrected_entropy_bits_high: float | None = None
    cross_entropy_bits: float | None
    """Mean bits a token under the scorer, over the batch."""
    cross_entropy_bits_low: float | None = None
    cross_entropy_bits_high: float | None = None
    surprisal_spread: float | None
    """Mean over documents of the standard deviation of surprisal, nats."""
    surprisal_spread_low: float | None = None
    surprisal_spread_high: float | None = None
    curvature: float | None
    """Mean over documents."""
    curvature_low: float | None = None
    curvature_high: float | None = None
    log_rank: float | None
    """Mean over documents."""
    log_rank_low: float | None = None
    log_rank_high: float | None = None
    mean_log_odds: float | None = None
    """Mean over documents of the log-odds of being synthetic, each at most 8 either way."""
    mean_log_odds_low: float | None = None
    mean_log_odds_high: float | None = None
    confident_share: float | None = None
    """Share of judged documents whose probability of being synthetic is above 95%."""
    confident_share_low: float | None = None
    confident_share_high: float | None = None
    binoculars: float | None = None
    """Mean over documents; null with a single scoring model. Low where text is as models write it."""
    binoculars_low: float | None = None
    binoculars_high: float | None = None
    mattr: float | None = None
    """Mean over documents of the share of distinct words in windows of 50: how little the text repeats."""
    mattr_low: float | None = None
    mattr_high: float | None = None
    tail_coverage: float | None = None
    """Rare token pairs present over those expected of as much human text: `signals.tail_coverage`."""
    tail_coverage_low: float | None = None
    tail_coverage_high: float | None = None
    missing_mass: float | None = None
    """Good and Turing's estimate of the share of such text whose token types the batch lacks."""
    missing_mass_low: float | None = None
    missing_mass_high: float | None = None
    distinct_2: float | None = None
    """Distinct token pairs over all pairs, of 256 tokens of 64 documents."""
    distinct_2_low: float | None = None
    distinct_2_high: float | None = None
    compression_ratio: float | None = None
    """Compressed bytes over bytes, of 1,000 bytes of 64 documents."""
    compression_ratio_low: float | None = None
    compression_ratio_high: float | None = None
    suspected_share: float
    """Share of documents whose verdict is SYNTHETIC."""
    profile: str
    scorer: str | None

    def estimate(self, signal: str) -> tuple[float | None, float | None, float | None]:
        """A signal's value and interval; null where it is undefined. The one that decided is not rounded."""
        if signal == self.signal:
            return self.value, self.interval_low, self.interval_high
        value, low, high = (getattr(self, column) for column in (signal, f"{signal}_low", f"{signal}_high"))
        return value, low, high

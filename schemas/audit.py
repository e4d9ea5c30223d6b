"""The entropy record of one training batch: a row of `audits/`."""

import json
from typing import Literal

import msgspec

from wellspring.schemas import SCHEMA_VERSION

GateMode = Literal["monitor", "enforce"]
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

    A batch is to be held when any of the gate's tests holds it; `signal`, `value` and `limit` are those of
    the test that went furthest beyond its limit, or came nearest to it. `entropy_bits`, `type_token_ratio`,
    `below_floor` and `synthetic_risk` are the unigram audit of `batch_entropy_audit`.

    Every signal has a column of its own, with its 95% interval in `<name>_low` and `<name>_high`. Documents
    are the unit of all intervals. Runs of an earlier version lack some of the columns.
    """

    batch_id: str
    """A hash of window, stratum and sorted document ids."""
    window_start: str | None
    """First day of the crawl window, ISO 8601. Null: documents without a date."""
    window_end: str | None
    """The day after the crawl window, ISO 8601. Null: documents without a date."""
    stratum: str
    """The stratum as a JSON object, keys in the order of `--batch_by`."""
    source: str | None
    """The stratum's source. Null: `--batch_by` doesn't have it."""
    language: str | None
    """The stratum's language. Null: `--batch_by` doesn't have it."""
    documents: int
    """Documents in the batch. Unit: documents."""
    tokens: int
    """Their tokens. Unit: tokens."""
    entropy_bits: float
    """Unigram entropy of the batch's token counts, rounded as the CLEAN text has it. Unit: bits per token."""
    type_token_ratio: float
    """Distinct token ids over tokens. Unit: 0 to 1."""
    below_floor: bool
    """Whether `entropy_bits` is below the profile's unigram floor."""
    synthetic_risk: str
    """`HIGH` where `below_floor`, else `LOW`, as the CLEAN text has it."""
    action: str
    """`PROCEED` or `HOLD_FOR_REVIEW`."""
    gated: bool
    """Whether anything could decide."""
    held: bool
    """Whether the batch is in `hold/`; always false under the gate `monitor`."""
    signal: str
    """The signal that decided: of the test that went furthest."""
    value: float | None
    """Its value. Unit: the signal's. Null: the signal is undefined for the batch."""
    limit: float | None
    """Its limit. Unit: the signal's. Null: nothing could decide."""
    direction: str
    """The side of the limit on which a batch is held: `below` or `above`."""
    interval_low: float | None
    """Lower end of the 95% interval of `value`. Unit: the signal's. Null: too few documents."""
    interval_high: float | None
    """Upper end of the 95% interval of `value`. Unit: the signal's. Null: too few documents."""
    margin: float | None = None
    """How far `value` lies from `limit` on the passing side; negative when the batch is beyond its limit.
    Unit: the signal's. Null: nothing could decide."""
    basis: str
    """Which limits were used, or why none."""
    tests: list[str] = []
    """A line for each test that could decide, the one of `signal` first."""
    own_baseline: bool = False
    """The limit was set from human batches of this very stratum."""
    entropy_bits_low: float | None = None
    entropy_bits_high: float | None = None
    corrected_entropy_bits: float | None = None
    """Unigram entropy with most of its bias removed (Chao and Shen 2003). Unit: bits per token. Null: the
    run is of a version before it was recorded."""
    corrected_entropy_bits_low: float | None = None
    corrected_entropy_bits_high: float | None = None
    cross_entropy_bits: float | None
    """Mean cross-entropy of the batch's tokens under the scorer. Unit: bits per token. Null: no document
    was scored."""
    cross_entropy_bits_low: float | None = None
    cross_entropy_bits_high: float | None = None
    surprisal_spread: float | None
    """Mean over documents of the standard deviation of surprisal. Unit: nats. Null: no document was
    scored."""
    surprisal_spread_low: float | None = None
    surprisal_spread_high: float | None = None
    curvature: float | None
    """Mean over documents. Unit: standard deviations. Null: no document was scored."""
    curvature_low: float | None = None
    curvature_high: float | None = None
    log_rank: float | None
    """Mean over documents. Unit: none. Null: no document was scored."""
    log_rank_low: float | None = None
    log_rank_high: float | None = None
    mean_log_odds: float | None = None
    """Mean over documents of the log-odds of being synthetic, each at most 8 either way. Unit: log-odds.
    Null: the profile abstained from every document."""
    mean_log_odds_low: float | None = None
    mean_log_odds_high: float | None = None
    confident_share: float | None = None
    """Share of judged documents whose probability of being synthetic is above 95%. Unit: 0 to 1. Null: the
    profile abstained from every document."""
    confident_share_low: float | None = None
    confident_share_high: float | None = None
    binoculars: float | None = None
    """Mean over documents; low where text is as models write it. Unit: none. Null: no document was scored
    by a pair."""
    binoculars_low: float | None = None
    binoculars_high: float | None = None
    mattr: float | None = None
    """Mean over documents of the share of distinct words in windows of 50: how little the text repeats.
    Unit: 0 to 1. Null: no document has 50 words."""
    mattr_low: float | None = None
    mattr_high: float | None = None
    tail_coverage: float | None = None
    """Rare token pairs present over those expected of as much human text. Unit: 1 for as many as expected.
    Null: the scorer has no rare pairs."""
    tail_coverage_low: float | None = None
    tail_coverage_high: float | None = None
    missing_mass: float | None = None
    """Good and Turing's estimate of the share of such text whose token types the batch lacks. Unit: 0 to 1.
    Null: the run is of a version before it was recorded."""
    missing_mass_low: float | None = None
    missing_mass_high: float | None = None
    distinct_2: float | None = None
    """Distinct token pairs over all pairs, of 256 tokens of 64 documents. Unit: 0 to 1. Null: no document
    has two tokens."""
    distinct_2_low: float | None = None
    distinct_2_high: float | None = None
    compression_ratio: float | None = None
    """Compressed bytes over bytes, of 1,000 bytes of 64 documents. Unit: 0 to 1. Null: there is no text."""
    compression_ratio_low: float | None = None
    compression_ratio_high: float | None = None
    suspected_share: float
    """Share of documents whose verdict is SYNTHETIC. Unit: 0 to 1."""
    profile: str
    """The profile's name."""
    scorer: str | None
    """The scorer's fingerprint. Null: none ran."""

    def estimate(self, signal: str) -> tuple[float | None, float | None, float | None]:
        """A signal's value and interval; null where it is undefined. The one that decided is not rounded."""
        if signal == self.signal:
            return self.value, self.interval_low, self.interval_high
        value, low, high = (getattr(self, column) for column in (signal, f"{signal}_low", f"{signal}_high"))
        return value, low, high


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured on a held batch, against what, and what would have let it pass.

    `margin` is how far `audit.value` lies beyond `audit.limit`, in the signal's unit, >= 0.
    `labels` counts the batch's documents by provenance label. `why` and `would_pass` are
    sentences for the reviewer.
    """

    batch_id: str
    """The batch."""
    audit: Audit
    """Its row of `audits/`."""
    margin: float
    """How far beyond its limit the batch is."""
    labels: dict[str, int]
    """Its documents by provenance label."""
    conflicts: int
    """Documents of attested sources that look synthetic with high confidence."""
    why: str
    """Why it was held, a sentence."""
    would_pass: str
    """What would have let it pass, a sentence."""
    schema_version: int = SCHEMA_VERSION
    """Version of this file's shape."""


NO_DATE = "no date"


def stratum_words(stratum: str, *, keys: bool = True) -> str:
    """`{"source": "wiki", "language": "en"}` as `source=wiki, language=en`, without keys as `wiki, en`;
    other text as it is.
    """
    try:
        values = json.loads(stratum)
    except json.JSONDecodeError:
        return stratum
    if not isinstance(values, dict):
        return stratum
    words = [f"{key}={value}" if keys else str(value) for key, value in values.items()]
    return ", ".join(words) or "all documents"


def window_words(audit: Audit) -> str:
    """The first and last day of the batch's crawl window."""
    if audit.window_start is None:
        return NO_DATE
    start, end = audit.window_start[:10], (audit.window_end or "")[:10]
    return f"{start} to {end}" if end and end != start else start

"""The share of synthetic text among a source's documents in a month: a line of the manifest."""

import msgspec


class SyntheticShare(msgspec.Struct, frozen=True, kw_only=True):
    """All shares in 0..1, of the documents that were judged; formulas in `signals.verdict.prevalence`.

    `counted`, the share of SYNTHETIC verdicts, is biased. `adjusted` corrects it by the verdict's error
    rates on left-out text, `estimated` uses the whole distribution of probabilities. Both have 95% intervals,
    wider by the root of `misfit`, and are null, with a `reason`, where the profile carries no such rates.
    """

    source: str
    """The source."""
    month: str | None
    """YYYY-MM of the documents' date in UTC; null without one."""
    documents: int
    """That were judged."""
    abstained: int
    """Beside `documents`: nothing is said of them."""
    counted: float | None
    """Share of SYNTHETIC verdicts."""
    adjusted: float | None
    """Corrected by the verdict's error rates."""
    adjusted_low: float | None
    """Lower end of its interval."""
    adjusted_high: float | None
    """Upper end of its interval."""
    estimated: float | None
    """From the whole distribution of probabilities."""
    low: float | None
    """Lower end of its interval."""
    high: float | None
    """Upper end of its interval."""
    misfit: float | None
    """1 where the probabilities are a mixture of those of left-out text; the larger, the less they are."""
    at_least: float | None
    """A lower bound that assumes nothing of the synthetic text."""
    reason: str | None
    """Why an estimate is null."""

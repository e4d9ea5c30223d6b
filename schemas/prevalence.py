"""The share of synthetic text among a source's documents in a month: a line of the manifest."""

import msgspec


class SyntheticShare(msgspec.Struct, frozen=True, kw_only=True):
    """All shares in 0..1, of the documents that were judged.

    `counted` is the share of SYNTHETIC verdicts: biased. `adjusted` corrects it by the verdict's measured
    error rates, `estimated` uses the whole distribution of probabilities (EM) and has the 95% interval.
    Null where the profile carries no left-out rates.
    """

    source: str
    month: str | None
    """YYYY-MM of the documents' date; null without one."""
    documents: int
    counted: float
    adjusted: float | None
    estimated: float | None
    low: float | None
    high: float | None

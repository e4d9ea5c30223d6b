"""The audit of one stratum in one crawl window: a line of `audits/_drift-*.json`."""

import msgspec


class WindowSignal(msgspec.Struct, frozen=True):
    """A signal of all the window's batches: their mean by documents, with its 95% interval."""

    signal: str
    value: float
    low: float | None
    high: float | None


class WindowAudit(msgspec.Struct, frozen=True, kw_only=True):
    """What the batches of a stratum say together, and whether they have drifted from its baseline.

    `cusum` adds up how far `value` lies on the suspicious side of `baseline`, window after window, less an
    `allowance` each time; past `threshold` it is an alarm and starts again. All three are in standard
    deviations. They are null for the windows that are themselves the baseline, and where there is none:
    `basis` says which.
    """

    stratum: str
    """The stratum as a JSON object, as in the audits."""
    source: str | None
    language: str | None
    window_start: str
    window_end: str | None
    batches: int
    documents: int
    tokens: int
    flagged: int
    """Batches beyond their limit, held or not."""
    signal: str
    """The one that decides; `signals` has the others."""
    direction: str
    """The suspicious side."""
    value: float | None
    low: float | None
    high: float | None
    baseline: float | None
    basis: str
    z: float | None
    """(value - baseline) over its standard deviation, as a normal score; positive on the suspicious side."""
    cusum: float | None
    allowance: float | None
    threshold: float | None
    alarm: bool
    since: str | None
    """The window in which the excursion began that `cusum` now is, null at 0."""
    signals: list[WindowSignal]

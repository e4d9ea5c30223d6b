"""The audit of one stratum in one crawl window: a line of `audits/_drift-*.json`."""

import msgspec


class WindowSignal(msgspec.Struct, frozen=True):
    """A signal of all the window's batches: their mean by documents, with its 95% interval."""

    signal: str
    """Its name."""
    value: float
    """Mean over the window's documents."""
    low: float | None
    """Lower end of the interval."""
    high: float | None
    """Upper end of the interval."""


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
    """As in `audits/`."""
    language: str | None
    """As in `audits/`."""
    window_start: str
    """First day, ISO 8601."""
    window_end: str | None
    """The day after, ISO 8601."""
    batches: int
    """Batches in the window."""
    documents: int
    """Their documents."""
    tokens: int
    """Their tokens."""
    flagged: int
    """Batches beyond their limit, held or not."""
    signal: str
    """The one that decides; `signals` has the others."""
    direction: str
    """The suspicious side."""
    value: float | None
    """Of the signal; null where it is undefined."""
    low: float | None
    """Lower end of its 95% interval."""
    high: float | None
    """Upper end of its 95% interval."""
    baseline: float | None
    """What the value is compared with."""
    basis: str
    """Where the baseline comes from, or why there is none."""
    z: float | None
    """(value - baseline) over its standard deviation, as a normal score; positive on the suspicious side."""
    cusum: float | None
    """The running sum, in standard deviations."""
    allowance: float | None
    """Taken off the sum each window."""
    threshold: float | None
    """An alarm is raised beyond it."""
    alarm: bool
    """Whether one was raised."""
    since: str | None
    """The window in which the excursion began that `cusum` now is, null at 0."""
    signals: list[WindowSignal]
    """Every signal of the window."""

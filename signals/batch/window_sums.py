"""What the batches of one stratum and crawl window say together, from sums that merge exactly.

The window's figure is the mean of its batches' figures, weighted by documents, and not the figure of
all its text at once: entropy, coverage and the like depend on how much text they see, so that a window
of many batches could not be compared with one of few, nor with a baseline of batches.
"""

import math
from typing import NamedTuple

from wellspring.schemas.audit import HOLD_FOR_REVIEW, SIGNALS, Audit
from wellspring.signals.stats.intervals import Estimate, standard_error, t_interval
from wellspring.signals.stats.ratio_sums import FRACTION_BITS, fixed_point

_UNIT = 2.0**FRACTION_BITS
DECIDING = "value"
"""The signal that decides, by the audit's column: unrounded where the seed's is rounded."""


class SignalSums(NamedTuple):
    """Of the batches that have the signal and its interval; sums in units of 2^-40."""

    batches: int = 0
    documents: int = 0
    values: int = 0
    """Sum of documents * value."""
    variances: int = 0
    """Sum of (documents * standard error)^2."""
    batch_variances: int = 0
    """Sum of standard error^2."""

    def merged(self, other: "SignalSums") -> "SignalSums":
        return SignalSums(*(a + b for a, b in zip(self, other, strict=True)))


class WindowSums(NamedTuple):
    """Of some batches of one stratum and window; `signals` by name, the deciding one as `value`."""

    batches: int = 0
    documents: int = 0
    tokens: int = 0
    flagged: int = 0
    signals: tuple[SignalSums, ...] = (SignalSums(),) * (1 + len(SIGNALS))
    """In the order of `NAMES`."""

    def merged(self, other: "WindowSums") -> "WindowSums":
        """The sums over the batches of both, which share none."""
        return WindowSums(
            self.batches + other.batches,
            self.documents + other.documents,
            self.tokens + other.tokens,
            self.flagged + other.flagged,
            tuple(a.merged(b) for a, b in zip(self.signals, other.signals, strict=True)),
        )


NAMES = (DECIDING, *SIGNALS)


class WindowFigure(NamedTuple):
    """A signal of a window: mean over its batches, and how certain that is."""

    estimate: Estimate
    standard_error: float
    freedom: int
    """Documents less batches: of the t distribution of the standard error."""
    batch_variance: float
    """Mean squared standard error of one batch."""


def window_sums(audit: Audit) -> WindowSums:
    """The sums of one batch."""
    return WindowSums(
        batches=1,
        documents=audit.documents,
        tokens=audit.tokens,
        flagged=int(audit.gated and audit.action == HOLD_FOR_REVIEW),
        signals=tuple(_signal_sums(audit, name) for name in NAMES),
    )


def _signal_sums(audit: Audit, name: str) -> SignalSums:
    bounds = "interval" if name == DECIDING else name
    value, low, high = (getattr(audit, column) for column in (name, f"{bounds}_low", f"{bounds}_high"))
    if value is None or low is None or high is None:
        return SignalSums()
    # Intervals of groups have fewer degrees of freedom; the width is what is kept of them.
    error = standard_error(low, high, audit.documents - 1)
    return SignalSums(
        batches=1,
        documents=audit.documents,
        values=fixed_point(audit.documents * value),
        variances=fixed_point((audit.documents * error) ** 2),
        batch_variances=fixed_point(error**2),
    )


def window_figure(sums: WindowSums, name: str = DECIDING) -> WindowFigure | None:
    """A signal of the window; None where no batch has it with an interval."""
    one = sums.signals[NAMES.index(name)]
    if not one.batches:
        return None
    error = math.sqrt(one.variances / _UNIT) / one.documents
    freedom = one.documents - one.batches
    estimate = t_interval(one.values / (one.documents * 2**FRACTION_BITS), error, freedom)
    return WindowFigure(estimate, error, freedom, one.batch_variances / one.batches / _UNIT)

"""What a profile's verdicts are worth on labelled text: accuracy.json of `evaluate` and `calibrate`."""

from typing import NamedTuple

import msgspec


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A labelled document and what was said of it. `probability` is null where the profile abstained."""

    id: str
    prompt: str
    source: str
    collection: str
    domain: str | None
    generator: str | None
    words: int
    synthetic: bool
    probability: float | None
    flagged: bool
    """Its verdict was SYNTHETIC."""


class Figure(NamedTuple):
    """A figure and its 95% interval, prompts as the unit."""

    value: float
    low: float
    high: float


class Operating(msgspec.Struct, frozen=True, kw_only=True):
    """At one threshold. `precision` is restated for the share of synthetic text given as its key, null where
    nothing is flagged or a label is missing.
    """

    recall: Figure | None
    """Null without synthetic documents."""
    false_positive_rate: Figure | None
    """Null without human ones."""
    precision: dict[str, float | None]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Accuracy on one set of documents. With one label alone there is what can be said of it: the recall, or
    the false positive rate, at both thresholds; the rest is null.
    """

    human: int
    synthetic: int
    roc_auc: Figure | None = None
    verdict: Operating | None = None
    """SYNTHETIC or not."""
    at_half: Operating | None = None
    """Probability of 0.5 and more."""
    tpr_at_1: float | None = None
    tpr_at_5: float | None = None
    """Share of synthetic texts found at false positive rates of 1% and 5% on these human texts."""
    tpr_at_1_long: float | None = None
    """Of documents of 150 words and more."""
    calibration_error: float | None = None
    brier: float | None = None
    """Both at even prevalence."""


class Accuracy(msgspec.Struct, frozen=True, kw_only=True):
    """Every figure twice: `judged` leaves abstentions out, `all` counts them as 0.5 and not flagged.

    `by` holds, of `judged`, the figures by source, collection, domain, generator and length; a
    generator's are against the human texts of its sources.
    """

    documents: int
    abstained: int
    judged: Figures
    all: Figures
    by: dict[str, dict[str, Figures]]
    curves: dict[str, list[tuple[float, float]]]
    """roc: (false, true positive rate); reliability: (mean probability, share synthetic) in ten bins."""

"""The calibrated classifier of a profile: coefficients, thresholds and where it must not judge."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TextModel(_Strict):
    """A linear model over the hashed n-grams of `signals.verdict.text_features`."""

    features: Literal[1] = 1
    """Version of the features: another one doesn't fit these weights."""
    weights: str
    """Base64 of 2^18 little-endian float16, one a bucket."""
    intercept: float
    """What the sum begins with."""


class SignalTerm(_Strict):
    """One measurement's part in the log-odds: weight * clip((value - center) / scale, -4, 4)."""

    signal: str
    """The measurement."""
    weight: float
    """Log-odds per scaled unit."""
    center: float
    """In the signal's unit."""
    scale: float = Field(gt=0)
    """In the signal's unit."""
    reason_high: str
    """What a value above the center means, in words."""
    reason_low: str
    """What a value below the center means, in words."""


class Threshold(_Strict):
    """SYNTHETIC at a probability above `probability`, for texts of `min_words` to `max_words` words.

    Set on the scores of `human` human documents, one a prompt, by models that saw nothing of their prompts:
    with `confidence`, at most `max_fpr` of human documents like them lie above it (order statistic, Beta
    bound; the classifier itself is fitted on all, as in cross-conformal prediction). `stratum` names
    the documents that it was set on: its own, or its parent's where its own were too few.
    """

    min_words: int = Field(ge=0)
    """Shortest text that it applies to."""
    max_words: int | None
    """Longest text; null is any."""
    probability: float
    """SYNTHETIC above it."""
    max_fpr: float
    """The false positive rate that was asked for."""
    bound: float
    """Upper bound of the false-positive rate at that confidence, <= max_fpr unless nothing can be said."""
    confidence: float
    """Of the bound."""
    human: int
    """Human documents that it was set on."""
    stratum: str
    """Which documents those were."""


class Combination(_Strict):
    """Log-odds of synthetic at even prevalence = intercept + text_weight * text score + the terms."""

    intercept: float
    """What the sum begins with."""
    text_weight: float
    """Weight of the text score."""
    terms: list[SignalTerm] = []
    """The measurements' parts."""
    thresholds: list[Threshold] = Field(min_length=1)
    """In the order of length: SYNTHETIC above it."""
    high: list[Threshold] = Field(min_length=1)
    """Beyond these the confidence of SYNTHETIC is HIGH."""


class Range(_Strict):
    """Outside [low, high] of `signal` lies text that the classifier was never shown: it abstains."""

    signal: str
    """The measurement."""
    low: float
    """Smallest value that is judged."""
    high: float
    """Largest value that is judged."""
    reason: str
    """Why a text outside it is not judged, in words."""


class Operating(_Strict):
    """Counts at the verdict's thresholds on left-out text."""

    true_positives: int
    """Synthetic texts called SYNTHETIC."""
    synthetic: int
    """Synthetic texts."""
    false_positives: int
    """Human texts called SYNTHETIC."""
    human: int
    """Human texts."""


class LeftOut(_Strict):
    """Left-out probabilities by label, counted in 100 equal bins of [0, 1]."""

    human: list[int] = Field(min_length=100, max_length=100)
    """Human texts in each bin."""
    synthetic: list[int] = Field(min_length=100, max_length=100)
    """Synthetic texts in each bin."""


class Classifier(_Strict):
    """A probability of synthetic origin at even prevalence, and a verdict by thresholds.

    `with_signals` is used where every measurement in it is defined and comes from the profile's scorer,
    `text_only` elsewhere.
    """

    text: TextModel
    """The model of the wording."""
    text_only: Combination
    """The sum where measurements are missing."""
    with_signals: Combination | None
    """The sum with measurements; null where none helped."""
    min_words: int
    """Below it, it was no better than chance on left-out text: ABSTAIN."""
    prose: list[Range]
    """Outside any of these the profile abstains."""
    operating: Operating | None
    """Counts at the verdict's thresholds, for correcting shares."""
    left_out: LeftOut | None
    """Histograms of probabilities, for estimating shares."""

    @property
    def main(self) -> Combination:
        """The combination of a document whose measurements are all there."""
        return self.with_signals or self.text_only

"""A profile's classifier at work: a probability, a verdict and its reasons for one text.

The log-odds of synthetic origin, at even prevalence, are a linear function of the text's hashed n-grams
and of a few measurements of the scorer. Everything is a product and a sum, so each part's share in the
verdict can be said in words.
"""

import base64
import binascii
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wellspring.schemas.classifier import Classifier, Combination, Range, SignalTerm, Threshold
from wellspring.schemas.label import ABSTAIN, HIGH, LIKELY_HUMAN, LOW, MEDIUM, SYNTHETIC, Verdict
from wellspring.schemas.measurements import Measurements
from wellspring.schemas.profile import Profile
from wellspring.signals.verdict.prose import prose_shape
from wellspring.signals.verdict.text_features import BUCKETS, Buckets, buckets_of, features

CLIP = 4.0
"""Scales beyond which a term counts no more."""
_NOTABLE = 0.25
"""Log-odds from which a term is worth a reason: a factor of 1.3."""
_PHRASES = 4
_LONGEST_PHRASE = 40
_MEDIUM_FROM = 0.75
"""A probability this near to its end makes LIKELY_HUMAN MEDIUM, and 0.9 HIGH."""
_HIGH_FROM = 0.9


def decode_weights(encoded: str) -> NDArray[np.float32]:
    """The weights of a `TextModel`, [2^18].

    Raises:
        ValueError: they are no base64, or not that many.
    """
    try:
        weights = np.frombuffer(base64.b64decode(encoded, validate=True), dtype="<f2")
    except binascii.Error as error:
        raise ValueError(f"text.weights of the classifier: {error}") from error
    if len(weights) != BUCKETS:
        raise ValueError(f"text.weights of the classifier: {len(weights)} numbers, not {BUCKETS}")
    return weights.astype(np.float32)


def encode_weights(weights: NDArray[np.floating]) -> str:
    """Weights as a `TextModel` keeps them."""
    return base64.b64encode(weights.astype("<f2").tobytes()).decode()


def term_value(term: SignalTerm, value: float) -> float:
    """A term's part in the log-odds."""
    return term.weight * min(max((value - term.center) / term.scale, -CLIP), CLIP)


def find_threshold(thresholds: Sequence[Threshold], words: int) -> Threshold:
    """The threshold for a text of so many words; the last one where no range holds it."""
    for threshold in thresholds:
        if threshold.min_words <= words and (threshold.max_words is None or words <= threshold.max_words):
            return threshold
    return thresholds[-1]


class ClassifierJudge:
    """Judges texts by the classifier of a profile. Loads its weights once."""

    def __init__(self, profile: Profile) -> None:
        """Raises:
        ValueError: the profile has no classifier, or its weights can't be read.
        """
        if profile.classifier is None:
            raise ValueError(f"profile {profile.name} has no classifier")
        self._profile = profile
        self._classifier: Classifier = profile.classifier
        self._weights = decode_weights(profile.classifier.text.weights)

    def __call__(self, text: str, measurements: Measurements) -> Verdict:
        """The verdict on one text; ABSTAIN, with a null probability, where the profile can't judge."""
        obstacle = self._obstacle(text, measurements)
        if obstacle:
            return Verdict(verdict=ABSTAIN, confidence=LOW, probability=None, reasons=[obstacle])
        buckets = buckets_of(text)
        row = features(buckets)
        # Not `@`: past 10,000 features its last bits follow the number of cores.
        text_score = float(np.sum(row.values * self._weights[row.buckets]))
        text_score += self._classifier.text.intercept
        combination = self._combination(measurements)
        parts = [(term, term_value(term, getattr(measurements, term.signal))) for term in combination.terms]
        log_odds = combination.intercept + combination.text_weight * text_score
        log_odds += math.fsum(part for _, part in parts)
        probability = _sigmoid(log_odds)

        threshold = find_threshold(combination.thresholds, measurements.words)
        synthetic = probability > threshold.probability
        if synthetic:
            high = find_threshold(combination.high, measurements.words)
            confidence = HIGH if probability > high.probability else MEDIUM
        else:
            confidence = _confidence_in_human(probability)
        reasons = self._reasons(buckets, synthetic)
        reasons += [
            _in_words(term, getattr(measurements, term.signal), part)
            for term, part in sorted(parts, key=lambda pair: -abs(pair[1]))
            if abs(part) >= _NOTABLE
        ]
        if not synthetic and probability > 0.5:
            reasons.append(
                f"more likely synthetic than not, but below {threshold.probability:.3f}, above which "
                f"{threshold.max_fpr:.2%} of human texts lie"
            )
        return Verdict(
            verdict=SYNTHETIC if synthetic else LIKELY_HUMAN,
            confidence=confidence,
            probability=probability,
            reasons=reasons,
        )

    def _obstacle(self, text: str, measurements: Measurements) -> str | None:
        """Why this text can't be judged, if it can't."""
        profile, language = self._profile, measurements.language
        if profile.languages is not None and language not in profile.languages:
            return f"the profile {profile.name} can't judge language {language or 'unknown'}"
        if measurements.words < self._classifier.min_words:
            return f"{measurements.words} words are too few to judge; {self._classifier.min_words} are needed"
        shape = prose_shape(text)._asdict()
        for limits in self._classifier.prose:
            of_scorer = limits.signal not in shape
            if of_scorer and measurements.scorer != profile.scorer:
                continue
            value = getattr(measurements, limits.signal) if of_scorer else shape[limits.signal]
            if value is not None and not limits.low <= value <= limits.high:
                return _unlike(limits, value)
        return None

    def _combination(self, measurements: Measurements) -> Combination:
        combination = self._classifier.with_signals
        if combination is None or measurements.scorer != self._profile.scorer:
            return self._classifier.text_only
        if any(getattr(measurements, term.signal) is None for term in combination.terms):
            return self._classifier.text_only
        return combination

    def _reasons(self, buckets: Buckets, synthetic: bool) -> list[str]:
        """The words and pairs of words that pull the verdict furthest its way."""
        parts = self._weights[buckets.words] if synthetic else -self._weights[buckets.words]
        phrases: list[str] = []
        for i in _largest(parts, 4 * _PHRASES):
            phrase = _phrase(buckets, i)
            if parts[i] <= 0 or len(phrases) == _PHRASES:
                break
            if not any(phrase in other or other in phrase for other in phrases):
                phrases.append(phrase)
        if not phrases:
            return ["its style as a whole; no single phrase stands out"]
        kind = "machine" if synthetic else "human"
        return [f"wording as in {kind} text: {', '.join(f'“{phrase}”' for phrase in phrases)}"]


def _largest(values: NDArray[np.float32], count: int) -> list[int]:
    """Indices of the largest values, the largest first, the first of equal ones first."""
    if len(values) > count:
        least = np.partition(values, len(values) - count)[len(values) - count]
        chosen = np.flatnonzero(values >= least)
    else:
        chosen = np.arange(len(values))
    return [int(i) for i in chosen[np.argsort(-values[chosen], kind="stable")][:count]]


def _phrase(buckets: Buckets, occurrence: int) -> str:
    words = len(buckets.spans)
    first = occurrence if occurrence < words else occurrence - words
    last = first if occurrence < words else first + 1
    start, end = int(buckets.spans[first, 0]), int(buckets.spans[last, 1])
    return buckets.folded[start : min(end, start + _LONGEST_PHRASE)].decode("utf-8", "replace")


def _in_words(term: SignalTerm, value: float, part: float) -> str:
    reason = term.reason_high if value > term.center else term.reason_low
    kind = "machine" if part > 0 else "human"
    return f"{reason}, as in {kind} text: {term.signal} is {value:.3g}"


def _unlike(limits: Range, value: float) -> str:
    side, limit = ("below", limits.low) if value < limits.low else ("above", limits.high)
    return f"{limits.reason}: {limits.signal} {value:.3g} is {side} {limit:.3g}"


def _confidence_in_human(probability: float) -> str:
    certainty = 1 - probability
    return HIGH if certainty >= _HIGH_FROM else MEDIUM if certainty >= _MEDIUM_FROM else LOW


def _sigmoid(log_odds: float) -> float:
    if log_odds < 0:
        return math.exp(log_odds) / (1 + math.exp(log_odds))
    return 1 / (1 + math.exp(-log_odds))

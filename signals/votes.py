"""A verdict by counting votes: how the seed decides, and the demo's profile too."""

from schemas.label import ABSTAIN, HIGH, LIKELY_HUMAN, LOW, MEDIUM, SYNTHETIC, Verdict
from schemas.measurements import Measurements
from schemas.profile import Direction, Profile, VoteRule

_CONFIDENCE = (LOW, LOW, MEDIUM, HIGH)


def beyond(value: float, limit: float, direction: Direction) -> bool:
    """Whether a value lies on the `direction` side of a limit."""
    return value < limit if direction == "below" else value > limit


def votes_synthetic(rule: VoteRule, measurements: Measurements) -> bool:
    """One rule's vote. An undefined signal doesn't vote."""
    value = getattr(measurements, rule.signal)
    return value is not None and beyond(value, rule.threshold, rule.direction)


def judge(measurements: Measurements, profile: Profile) -> Verdict:
    """The verdict of a profile's votes on one document, with the reasons in words.

    Confidence is LOW, LOW, MEDIUM, HIGH by number of votes, as in the seed. ABSTAIN, with a null
    probability, on a language that the profile doesn't know and on too short a text.
    """
    votes = profile.votes
    language = measurements.language
    if profile.languages is not None and language not in profile.languages:
        reason = f"the profile {profile.name} can't judge language {language or 'unknown'}"
        return Verdict(verdict=ABSTAIN, confidence=LOW, probability=None, reasons=[reason])
    if measurements.tokens < votes.min_tokens:
        reason = f"{measurements.tokens} tokens are too few to judge; {votes.min_tokens} are needed"
        return Verdict(verdict=ABSTAIN, confidence=LOW, probability=None, reasons=[reason])
    cast = [rule for rule in votes.rules if votes_synthetic(rule, measurements)]
    if all(getattr(measurements, rule.signal) is None for rule in votes.rules):
        reason = "none of the signals is defined for this text"
        return Verdict(verdict=ABSTAIN, confidence=LOW, probability=None, reasons=[reason])
    return Verdict(
        verdict=SYNTHETIC if len(cast) >= votes.needed else LIKELY_HUMAN,
        confidence=_CONFIDENCE[min(len(cast), len(_CONFIDENCE) - 1)],
        probability=votes.probability[len(cast)],
        reasons=[_in_words(rule, getattr(measurements, rule.signal)) for rule in cast],
    )


def _in_words(rule: VoteRule, value: float) -> str:
    return f"{rule.reason}: {rule.signal} {value:.3g} is {rule.direction} {rule.threshold:.3g}"

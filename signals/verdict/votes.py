"""A verdict by counting votes: how the seed decides, and the demo's profile too."""

from wellspring.schemas.label import ABSTAIN, HIGH, LIKELY_HUMAN, LOW, MEDIUM, SYNTHETIC, Verdict
from wellspring.schemas.measurements import LanguageModelSignals, Measurements
from wellspring.schemas.profile import Direction, Profile, VoteRule, Votes

_LM_SIGNALS = frozenset(LanguageModelSignals.__struct_fields__)
_CONFIDENCE = (LOW, LOW, MEDIUM, HIGH)


def votes_of(profile: Profile) -> Votes:
    """The vote rules of a profile.

    Raises:
        ValueError: it judges by a classifier.
    """
    if profile.votes is None:
        raise ValueError(f"profile {profile.name} judges by a classifier, not by votes")
    return profile.votes


def beyond(value: float, limit: float, direction: Direction) -> bool:
    """Whether a value lies on the `direction` side of a limit."""
    return value < limit if direction == "below" else value > limit


def votes_synthetic(rule: VoteRule, measurements: Measurements) -> bool:
    """One rule's vote. An undefined signal doesn't vote."""
    value = getattr(measurements, rule.signal)
    return value is not None and beyond(value, rule.threshold, rule.direction)


def possible_votes(measurements: Measurements, profile: Profile) -> range:
    """How many votes a document can come to, before its LM signals are known: what the text's own
    signals cast, up to all of the LM's rules on top.
    """
    cast = sum(votes_synthetic(rule, measurements) for rule in _text_rules(profile))
    return range(cast, cast + len(votes_of(profile).rules) - len(_text_rules(profile)) + 1)


def verdict_is_open(measurements: Measurements, profile: Profile) -> bool:
    """Whether the LM signals, not known yet, can change the verdict of `judge_by_votes`."""
    if profile.languages is not None and measurements.language not in profile.languages:
        return False
    if measurements.tokens < votes_of(profile).min_tokens:
        return False
    if all(getattr(measurements, rule.signal) is None for rule in _text_rules(profile)):
        return True  # without a single signal the verdict would be ABSTAIN
    possible = possible_votes(measurements, profile)
    return possible.start < votes_of(profile).needed <= possible.stop - 1


def _text_rules(profile: Profile) -> list[VoteRule]:
    return [rule for rule in votes_of(profile).rules if rule.signal not in _LM_SIGNALS]


def judge_by_votes(measurements: Measurements, profile: Profile) -> Verdict:
    """The verdict of a profile's votes on one document, with the reasons in words.

    Confidence is LOW, LOW, MEDIUM, HIGH by number of votes, as in the seed. ABSTAIN, with a null
    probability, on a language that the profile doesn't know and on too short a text.
    """
    votes = votes_of(profile)
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
        confidence=confidence(len(cast)),
        probability=votes.probability[len(cast)],
        reasons=[_in_words(rule, getattr(measurements, rule.signal)) for rule in cast]
        or ["no signal votes for machine text"],
    )


def confidence(votes: int) -> str:
    """LOW, LOW, MEDIUM, HIGH by number of votes, as in the seed."""
    return _CONFIDENCE[min(votes, len(_CONFIDENCE) - 1)]


def _in_words(rule: VoteRule, value: float) -> str:
    return f"{rule.reason}: {rule.signal} {value:.3g} is {rule.direction} {rule.threshold:.3g}"

"""A profile's verdict on a text: by its classifier or by its votes."""

from collections.abc import Callable

from wellspring.schemas.label import Verdict
from wellspring.schemas.measurements import Measurements
from wellspring.schemas.profile import Profile
from wellspring.signals.verdict.classifier import ClassifierJudge
from wellspring.signals.verdict.votes import judge_by_votes

Judge = Callable[[str, Measurements], Verdict]


def judge_of(profile: Profile) -> Judge:
    """What judges a text and its measurements under this profile.

    Raises:
        ValueError: the weights of its classifier can't be read.
    """
    if profile.classifier is not None:
        return ClassifierJudge(profile)
    return lambda text, measurements: judge_by_votes(measurements, profile)

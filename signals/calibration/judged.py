"""Labelled text and what was said of it: the rows of every table of accuracy, and their error rates."""

from collections.abc import Sequence

from wellspring.schemas.accuracy import Judged
from wellspring.schemas.classifier import LeftOut, Operating
from wellspring.signals.calibration.labelled import LabelledText
from wellspring.signals.verdict.prevalence import BINS, probability_bin


def judged_text(text: LabelledText, *, words: int, probability: float | None, flagged: bool) -> Judged:
    """A labelled text with what was said of it.

    Args:
        probability: None where it was not judged. flagged: its verdict was SYNTHETIC.
    """
    return Judged(
        id=text.id,
        prompt=text.prompt,
        source=text.source,
        collection=text.collection,
        domain=text.domain,
        generator=text.generator,
        words=words,
        synthetic=text.synthetic,
        probability=probability,
        flagged=flagged,
    )


def operating_of(judged: Sequence[Judged]) -> Operating:
    """Counts at the verdict, of the texts that were judged."""
    known = [each for each in judged if each.probability is not None]
    return Operating(
        true_positives=sum(each.flagged for each in known if each.synthetic),
        synthetic=sum(each.synthetic for each in known),
        false_positives=sum(each.flagged for each in known if not each.synthetic),
        human=sum(not each.synthetic for each in known),
    )


def left_out_of(judged: Sequence[Judged]) -> LeftOut:
    """Probabilities by label, of the texts that were judged."""
    return LeftOut(
        human=probability_counts([each for each in judged if not each.synthetic]),
        synthetic=probability_counts([each for each in judged if each.synthetic]),
    )


def probability_counts(judged: Sequence[Judged]) -> list[int]:
    """Judged texts by probability, in 100 equal bins of [0, 1]."""
    counts = [0] * BINS
    for each in judged:
        if each.probability is not None:
            counts[probability_bin(each.probability)] += 1
    return counts

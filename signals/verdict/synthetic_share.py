"""From the labels of documents to the share of synthetic text by source and month.

What is kept of the documents is counts, so that parts of a run may be summed in any order.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from wellspring.schemas.classifier import LeftOut, Operating
from wellspring.schemas.label import SYNTHETIC, Label
from wellspring.schemas.prevalence import SyntheticShare
from wellspring.schemas.profile import Profile
from wellspring.signals.verdict.prevalence import (
    BINS,
    adjusted_count,
    estimated_share,
    least_share,
    probability_bin,
)
from wellspring.signals.verdict.strata import crawl_month

Key = tuple[str, str, str]
"""(what, source, month and, for probabilities, bin)."""
_PROBABILITY, _FLAGGED, _ABSTAINED = "probability", "flagged", "abstained"


class ErrorRates(NamedTuple):
    """How a profile judged left-out text, or in `obstacle` why that says nothing of this run."""

    operating: Operating | None
    left_out: LeftOut | None
    obstacle: str | None


def error_rates(profile: Profile, scorer: str | None) -> ErrorRates:
    """The error rates that hold for documents judged by this profile with this scorer's measurements.

    Args:
        scorer: fingerprint of the scorer in use; None when none runs.
    """
    classifier = profile.classifier
    if classifier is None:
        return ErrorRates(None, None, f"profile {profile.name} judges by votes, of unmeasured error rates")
    if classifier.operating is None or classifier.left_out is None:
        return ErrorRates(None, None, f"profile {profile.name} carries no error rates of left-out text")
    if classifier.with_signals is not None and scorer != profile.scorer:
        return ErrorRates(
            None,
            None,
            f"judged by the text alone: the error rates of profile {profile.name} are those of verdicts with "
            f"scorer {profile.scorer}",
        )
    return ErrorRates(classifier.operating, classifier.left_out, None)


def share_counts(source: str, date: str | None, label: Label) -> Iterator[tuple[Key, int]]:
    """What one document adds to the counts that `synthetic_shares` reads; summed by key."""
    month = crawl_month(date) or ""
    if label.probability is None:
        yield (_ABSTAINED, source, month), 1
        return
    yield (_PROBABILITY, source, f"{month} {probability_bin(label.probability)}"), 1
    if label.verdict == SYNTHETIC:
        yield (_FLAGGED, source, month), 1


def synthetic_shares(counts: Iterable[tuple[Key, int]], rates: ErrorRates) -> list[SyntheticShare]:
    """The share of synthetic text in each source and month, in their order, undated last.

    Documents of declared origin enter like any other: it is their text that is judged.

    Args:
        counts: those of `share_counts`, summed or not; keys of another kind are passed over.
    """
    bins: dict[tuple[str, str], list[int]] = {}
    flagged: Counter[tuple[str, str]] = Counter()
    abstained: Counter[tuple[str, str]] = Counter()
    for (what, source, name), count in counts:
        if what == _PROBABILITY:
            month, _, number = name.rpartition(" ")
            bins.setdefault((source, month), [0] * BINS)[int(number)] += count
        elif what == _FLAGGED:
            flagged[source, name] += count
        elif what == _ABSTAINED:
            abstained[source, name] += count
    places = sorted(bins.keys() | abstained.keys(), key=lambda place: (place[0], place[1] == "", place[1]))
    return [
        _share(
            source,
            month,
            bins.get((source, month), []),
            flagged[source, month],
            abstained[source, month],
            rates,
        )
        for source, month in places
    ]


def _share(
    source: str, month: str, bins: list[int], flagged: int, abstained: int, rates: ErrorRates
) -> SyntheticShare:
    documents = sum(bins)
    adjusted = estimated = at_least = None
    reason = rates.obstacle
    if not documents:
        reason = "the profile abstained on every document"
    elif rates.operating is not None and rates.left_out is not None:
        estimated = estimated_share(bins, rates.left_out)
        misfit = estimated.misfit if estimated else 1.0
        adjusted = adjusted_count(flagged, documents, rates.operating, misfit)
        at_least = least_share(flagged, documents, rates.operating)
        if adjusted is None or estimated is None:
            reason = "on left-out text the verdicts told nothing apart"
    return SyntheticShare(
        source=source,
        month=month or None,
        documents=documents,
        abstained=abstained,
        counted=flagged / documents if documents else None,
        adjusted=adjusted.value if adjusted else None,
        adjusted_low=adjusted.low if adjusted else None,
        adjusted_high=adjusted.high if adjusted else None,
        estimated=estimated.value if estimated else None,
        low=estimated.low if estimated else None,
        high=estimated.high if estimated else None,
        misfit=estimated.misfit if estimated else None,
        at_least=at_least,
        reason=reason,
    )

"""How well the share of synthetic text is estimated on sources that the error rates don't come from.

The estimates of `signals.verdict.prevalence` are unbiased for text that scores like the left-out text. Of a
source never seen that is a hope, so it is tried: each labelled source in turn is the new one, mixed at known
shares.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wellspring.schemas.accuracy import Judged
from wellspring.signals.calibration.judged import left_out_of, operating_of, probability_counts
from wellspring.signals.stats.hashing import stable_hash
from wellspring.signals.verdict.prevalence import (
    Estimated,
    Share,
    adjusted_count,
    estimated_share,
    least_share,
)

TRUE_SHARES = (0.0, 0.01, 0.05, 0.2, 0.5)
DOCUMENTS = 500
_DRAWS = 8
_FEWEST = 20


class Tried(NamedTuple):
    """One way of saying the share, over the new sources."""

    mean: float
    error: float
    """Mean over sources of the distance from the true share."""
    covered: float
    """Share of the batches tried whose 95% interval holds the true share."""


class ShareCheck(NamedTuple):
    """What was said where `true` of a new source's documents are synthetic."""

    true: float
    sources: int
    counted: float
    """Mean share of SYNTHETIC verdicts."""
    adjusted: Tried
    estimated: Tried
    worst: tuple[str, float]
    """The source whose estimate is furthest off, and its mean estimate."""
    at_least_held: float
    """Share of the batches tried whose `at_least` is not above the true share."""


def check_shares(judged: Sequence[Judged]) -> list[ShareCheck]:
    """A row for each of `TRUE_SHARES`: batches of 500 documents drawn by hash from one source, judged by the
    error rates of the other collections (of the other sources where there is one collection).

    Args:
        judged: left-out text; sources with fewer than 20 judged texts of either label are not tried.

    Returns:
        Nothing where no source can be tried.
    """
    known = [each for each in judged if each.probability is not None]
    several = len({each.collection for each in known}) > 1
    groups: dict[tuple[str, bool], list[Judged]] = defaultdict(list)
    for each in known:
        groups[each.source, each.synthetic].append(each)
    rows: dict[float, list[tuple[str, NDArray[np.float64]]]] = defaultdict(list)
    for source in sorted({each.source for each in known}):
        human, synthetic = groups[source, False], groups[source, True]
        if min(len(human), len(synthetic)) < _FEWEST:
            continue
        collection = human[0].collection
        others = [e for e in known if (e.collection != collection if several else e.source != source)]
        if len({each.synthetic for each in others}) < 2:
            continue
        for true in TRUE_SHARES:
            rows[true].append((source, _tried(human, synthetic, others, true)))
    return [_row(true, tried) for true, tried in rows.items()]


def _tried(
    human: Sequence[Judged], synthetic: Sequence[Judged], others: Sequence[Judged], true: float
) -> NDArray[np.float64]:
    """Means over draws of counted; adjusted, covered; estimated, covered; at least held: [6]."""
    operating, left_out = operating_of(others), left_out_of(others)
    machine = round(DOCUMENTS * true)
    found = []
    for draw in range(_DRAWS):
        batch = _drawn(human, DOCUMENTS - machine, draw) + _drawn(synthetic, machine, draw)
        flagged = sum(each.flagged for each in batch)
        estimated = estimated_share(probability_counts(batch), left_out)
        misfit = estimated.misfit if estimated else 1.0
        adjusted = adjusted_count(flagged, DOCUMENTS, operating, misfit)
        found.append(
            [
                flagged / DOCUMENTS,
                *_said(adjusted, true),
                *_said(estimated, true),
                least_share(flagged, DOCUMENTS, operating) <= true,
            ]
        )
    return np.asarray(np.mean(found, axis=0))


def _said(share: Share | Estimated | None, true: float) -> tuple[float, bool]:
    """Of what can't be said, the middle: as wrong as a guess, and nowhere covered."""
    return (share.value, share.low <= true <= share.high) if share else (0.5, False)


def _drawn(pool: Sequence[Judged], count: int, draw: int) -> list[Judged]:
    return [pool[stable_hash(str(i), f"{pool[0].source} {draw}") % len(pool)] for i in range(count)]


def _row(true: float, tried: Sequence[tuple[str, NDArray[np.float64]]]) -> ShareCheck:
    table = np.array([means for _, means in tried])
    counted, adjusted, adjusted_covered, estimated, covered, held = table.mean(axis=0).tolist()
    errors = np.abs(table - true).mean(axis=0)
    worst = max(tried, key=lambda each: abs(each[1][3] - true))
    return ShareCheck(
        true=true,
        sources=len(tried),
        counted=counted,
        adjusted=Tried(adjusted, float(errors[1]), adjusted_covered),
        estimated=Tried(estimated, float(errors[3]), covered),
        worst=(worst[0], float(worst[1][3])),
        at_least_held=held,
    )

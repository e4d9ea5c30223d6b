"""The report's table of how much of each source is synthetic, without the bias of counting verdicts."""

from collections import Counter

from wellspring.pages.html import NONE, Html, integer, join, name, table, text
from wellspring.schemas.manifest import Manifest
from wellspring.schemas.prevalence import SyntheticShare

_NOTHING = -1.0
"""Sorts a source of which nothing is known below one without synthetic text."""
_HEADERS = (
    "source",
    "month",
    "judged",
    "abstained",
    "verdicts counted",
    "adjusted count, 95% interval",
    "estimate, 95% interval",
    "at least",
    "goodness of fit",
)
_CORRECTED = (
    "Counting verdicts is wrong in both directions: where little is synthetic it counts false positives, "
    "where much is it misses what the verdict misses. The adjusted count and the estimate (EM over all "
    "probabilities) put that right by how text of known origin scored that the classifier had not seen. They "
    "hold for text that scores like that. A goodness of fit well above 1 says that a source's text doesn't, "
    "and widens the intervals; of such a source the adjusted count is the less wrong of the two. Models and "
    "genres that nobody calibrated on can still deceive both: compare the months of one source rather than "
    "sources. “At least” assumes nothing of the synthetic text."
)


def share_section(manifest: Manifest) -> list[Html]:
    """A source's months together, the source with the largest share first."""
    shares = manifest.synthetic_share
    if not shares:
        return [Html("<p>No document was judged.</p>")]
    largest: dict[str, float] = {}
    for share in shares:
        largest[share.source] = max(_known(share), largest.get(share.source, _NOTHING))
    ordered = sorted(shares, key=lambda s: (-largest[s.source], s.source, s.month is None, s.month or ""))
    reasons = Counter(share.reason for share in shares if share.reason)
    corrected = any(share.estimated is not None for share in shares)
    return [
        *([Html(f"<p>{text(_CORRECTED, 800)}</p>")] if corrected else []),
        *[
            Html(f"<p>Not corrected in {integer(rows)} of the rows: {name(reason)}.</p>")
            for reason, rows in sorted(reasons.items())
        ],
        table(
            "By source and month of the documents' dates, the source with the largest share first",
            _HEADERS,
            [_row(share) for share in ordered],
            numeric=frozenset(range(2, len(_HEADERS))),
            rest="sources and months",
        ),
    ]


def _known(share: SyntheticShare) -> float:
    value = share.estimated if share.estimated is not None else share.counted
    return _NOTHING if value is None else value


def _row(share: SyntheticShare) -> list[Html]:
    return [
        name(share.source),
        Html(f'<span class="whole">{name(share.month)}</span>') if share.month else NONE,
        integer(share.documents),
        integer(share.abstained),
        _percent(share.counted),
        _with_interval(share.adjusted, share.adjusted_low, share.adjusted_high),
        _with_interval(share.estimated, share.low, share.high),
        _percent(share.at_least),
        NONE if share.misfit is None else Html(f"{share.misfit:.1f}"),
    ]


def _with_interval(value: float | None, low: float | None, high: float | None) -> Html:
    if value is None or low is None or high is None:
        return NONE
    interval = Html(f'<br><span class="soft">({_percent(low)} to {_percent(high)})</span>')
    return join([_percent(value), interval], "")


def _percent(value: float | None) -> Html:
    return NONE if value is None else Html(f"{value:.1%}")

"""The report's table of how much of each source is synthetic, without the bias of counting verdicts."""

from pipelines.page import NONE, Html, decimal, integer, join, name, table, text
from schemas.manifest import Manifest
from schemas.prevalence import SyntheticShare

_HEADERS = (
    "source",
    "month",
    "judged",
    "abstained",
    "verdicts counted",
    "adjusted count",
    "estimate, 95% interval",
    "at least",
    "misfit",
)
_CORRECTED = (
    "Counting verdicts is wrong in both directions: where little is synthetic it counts wronged human texts, "
    "where much is it misses what the verdict misses. The adjusted count and the estimate (EM over all "
    "probabilities) put that right by how text of known origin scored that the classifier had not seen. They "
    "hold for text that scores like that. A misfit well above 1 says that a source's text doesn't, and "
    "widens its interval; models and genres that nobody calibrated on can still deceive both. Compare the "
    "months of one source rather than sources. “At least” assumes nothing of the synthetic text."
)


def share_section(manifest: Manifest) -> list[Html]:
    """Largest shares first; where the profile has no measured error rates, only what was counted."""
    shares = manifest.synthetic_share
    if not shares:
        return [Html("<p>No document was judged.</p>")]
    reasons = sorted({share.reason for share in shares if share.reason})
    corrected = any(share.estimated is not None for share in shares)
    return [
        *([Html(f"<p>{text(_CORRECTED, 700)}</p>")] if corrected else []),
        *[Html(f"<p>Not corrected: {name(reason)}.</p>") for reason in reasons],
        table(
            "By source and month of the documents' dates, largest estimate first",
            _HEADERS,
            [_row(share) for share in sorted(shares, key=_largest_first)],
            numeric=frozenset(range(2, len(_HEADERS))),
            rest="sources and months",
        ),
    ]


def _largest_first(share: SyntheticShare) -> tuple[float, str, str]:
    known = share.estimated if share.estimated is not None else share.counted
    return -(known if known is not None else -1.0), share.source, share.month or ""


def _row(share: SyntheticShare) -> list[Html]:
    return [
        name(share.source),
        name(share.month) if share.month else NONE,
        integer(share.documents),
        integer(share.abstained),
        _percent(share.counted),
        _with_interval(share.adjusted, share.adjusted_low, share.adjusted_high),
        _with_interval(share.estimated, share.low, share.high),
        _percent(share.at_least),
        decimal(None if share.misfit is None else round(share.misfit, 1)),
    ]


def _with_interval(value: float | None, low: float | None, high: float | None) -> Html:
    if value is None or low is None or high is None:
        return NONE
    interval = Html(f'<br><span class="soft">({_percent(low)} to {_percent(high)})</span>')
    return join([_percent(value), interval], "")


def _percent(value: float | None) -> Html:
    return NONE if value is None else Html(f"{value:.1%}")

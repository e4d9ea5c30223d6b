"""The report's table of how much of each source is synthetic, without the bias of counting verdicts."""

from pipelines.page import NONE, Html, integer, name, table, text
from schemas.manifest import Manifest


def share_section(manifest: Manifest) -> list[Html]:
    """Largest shares first; where the profile has no measured error rates, only what was counted."""
    if not manifest.synthetic_share:
        return [Html("<p>No document was judged.</p>")]
    shares = sorted(
        manifest.synthetic_share,
        key=lambda share: (
            -(share.estimated if share.estimated is not None else share.counted),
            share.source,
        ),
    )
    rows = [
        [
            name(share.source),
            name(share.month) if share.month else NONE,
            integer(share.documents),
            _percent(share.counted),
            _percent(share.adjusted),
            _percent(share.estimated),
            NONE if share.low is None or share.high is None else text(f"{share.low:.1%} to {share.high:.1%}"),
        ]
        for share in shares
    ]
    known = any(share.estimated is not None for share in shares)
    note = (
        "Counting verdicts misstates a share; the estimate uses how left-out text of known origin scored. It "
        "holds for text that scores like that: a genre or a model unlike the calibrated ones breaks it, and "
        "no interval shows that."
        if known
        else "The profile carries no error rates, so that the count can't be corrected."
    )
    return [
        Html(f"<p>{text(note, 500)}</p>"),
        table(
            "By source and month, of the documents that were judged",
            (
                "source",
                "month",
                "documents",
                "verdicts counted",
                "adjusted count",
                "estimate",
                "95% interval",
            ),
            rows,
            numeric=frozenset({2, 3, 4, 5, 6}),
            rest="sources and months",
        ),
    ]


def _percent(value: float | None) -> Html:
    return NONE if value is None else text(f"{value:.1%}")

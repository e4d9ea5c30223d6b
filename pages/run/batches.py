"""The report's tables of batches: one by one, by stratum, and by what decided."""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median

from wellspring.pages.html import NONE, ROW_LIMIT, Html, decimal, integer, name, percent, table, text
from wellspring.pages.svg import swatch
from wellspring.schemas.audit import HOLD_FOR_REVIEW, Audit, stratum_words, window_words
from wellspring.schemas.signal_titles import signal_title


def flagged(audit: Audit) -> bool:
    """Held, or (where the gate only monitors) to be held if it enforced."""
    return audit.held or (audit.gated and audit.action == HOLD_FOR_REVIEW)


def ordered(audits: Sequence[Audit]) -> list[Audit]:
    """By window (undated last), stratum, id: the page is the same whatever order they came in."""
    return sorted(audits, key=lambda a: (a.window_start is None, a.window_start or "", a.stratum, a.batch_id))


def batches_section(audits: Sequence[Audit]) -> list[Html]:
    """The table of batches: flagged ones first, those furthest past their limit at the top."""
    rows = sorted(ordered(audits), key=lambda a: (not flagged(a), -(_past(a) or 0) if flagged(a) else 0))
    held = sum(map(flagged, audits))
    cells = [
        [
            Html(f"<code>{text(audit.batch_id)}</code>"),
            _state(audit),
            name(stratum_words(audit.stratum)),
            Html(f'<span class="whole">{text(window_words(audit)).replace(" to ", "<br>to ")}</span>'),
            _value(audit),
            decimal(audit.limit),
            decimal(_past(audit)),
            integer(audit.documents),
            percent(audit.suspected_share, 1),
            decimal(audit.entropy_bits),
            decimal(audit.tail_coverage),
        ]
        for audit in rows
    ]
    headers = (
        "batch",
        "state",
        "stratum",
        "crawl window",
        "value, 95% interval",
        "limit",
        "beyond limit by",
        "docs",
        "suspected",
        "unigram bits",
        "tail coverage",
    )
    parts = [
        table(
            f"{held:,} flagged of {len(audits):,} batches, flagged ones first. A negative “beyond limit by” "
            "is the "
            "distance that was left.",
            headers,
            cells,
            numeric=frozenset(range(4, 11)),
            rest="batches",
        )
    ]
    if len(audits) > ROW_LIMIT:
        hidden = max(held - ROW_LIMIT, 0)
        parts.append(
            Html(
                f"<p>{integer(hidden)} of those not shown are flagged; all are in "
                "<code>audits/*.parquet</code>.</p>"
            )
        )
    return parts


def strata_table(strata: Mapping[str, Sequence[Audit]]) -> Html:
    """Counts and medians of each stratum, the one with the most batches first."""
    rows = []
    for stratum in sorted(strata, key=lambda s: (-len(strata[s]), s)):
        audits = strata[stratum]
        values = [audit.value for audit in audits if audit.value is not None]
        limits = sorted({audit.limit for audit in audits if audit.limit is not None})
        several = Html(f"{decimal(limits[0])} to {decimal(limits[-1])}") if len(limits) > 1 else NONE
        rows.append(
            [
                name(stratum_words(stratum)),
                integer(len(audits)),
                integer(sum(map(flagged, audits))),
                integer(sum(not audit.gated for audit in audits)),
                decimal(median(values)) if values else NONE,
                decimal(limits[0]) if len(limits) == 1 else several,
                decimal(median(audit.entropy_bits for audit in audits)),
            ]
        )
    headers = ("stratum", "batches", "flagged", "not gated", "median value", "limit", "median unigram bits")
    return table("By stratum", headers, rows, numeric=frozenset(range(1, 7)), rest="strata")


def basis_table(audits: Sequence[Audit]) -> Html:
    """How many batches each limit decided, and why nothing decided for the others."""
    counts = Counter((audit.basis, audit.signal) for audit in audits)
    held = Counter((audit.basis, audit.signal) for audit in audits if flagged(audit))
    rows = [
        [
            name(basis),
            name(signal_title(signal)) if signal else NONE,
            integer(count),
            integer(held[basis, signal]),
        ]
        for (basis, signal), count in sorted(
            counts.items(), key=lambda item: (-item[1], item[0][0], item[0][1] or "")
        )
    ]
    headers = ("limit used, or why none", "signal", "batches", "flagged")
    return table("What decided", headers, rows, numeric=frozenset({2, 3}), rest="bases")


def _state(audit: Audit) -> Html:
    if audit.held:
        mark, words = "flagged", "held"
    elif flagged(audit):
        mark, words = "flagged", "would be held"
    elif not audit.gated:
        mark, words = "open", "not gated"
    else:
        mark, words = "passed", "passed" if audit.value is not None else "nothing decided"
    return Html(f'<span class="key">{swatch(mark)}{text(words)}</span>')


def _value(audit: Audit) -> Html:
    if audit.interval_low is None or audit.interval_high is None:
        return decimal(audit.value)
    interval = f"{decimal(audit.interval_low)} to {decimal(audit.interval_high)}"
    return Html(f'{decimal(audit.value)}<br><span class="soft">({interval})</span>')


def _past(audit: Audit) -> float | None:
    """How far the value lies on the held side of its limit; negative on the other."""
    if audit.value is None or audit.limit is None:
        return None
    return audit.limit - audit.value if audit.direction == "below" else audit.value - audit.limit

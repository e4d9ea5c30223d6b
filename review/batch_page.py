"""A held batch as its page shows it: why it was held, its neighbours in time, its documents."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from markupsafe import Markup

from wellspring.pages.batch_charts import Dot, against_limit, over_time, scores, strip
from wellspring.review.served_runs import HeldBatch
from wellspring.schemas.audit import NO_DATE, SIGNALS, Audit
from wellspring.schemas.document import HeldDocument
from wellspring.schemas.signal_titles import SIGNALS as TITLES
from wellspring.schemas.signal_titles import signal_title
from wellspring.signals.entropy import SEED_FLOOR

DOCUMENTS_PER_PAGE = 100
_NEIGHBOURS = 30
_UNIGRAM = "entropy_bits"
_SNIPPET = 160


class Why(NamedTuple):
    """Why a batch was held, in words and as a picture."""

    signal: str
    meaning: str
    comparison: str
    certainty: str
    basis: str
    chart: Markup


class SignalRow(NamedTuple):
    name: str
    title: str
    meaning: str
    value: float | None
    low: float | None
    high: float | None
    others: float | None
    """Median of the same stratum's batches that passed."""
    decides: bool
    strip: Markup


class DocumentRow(NamedTuple):
    """A document in the batch's list; `place` names it in addresses, its id never does."""

    place: int
    document: HeldDocument
    snippet: str
    group: int | None
    """Number of its group of near-duplicates, from 1."""
    marked: bool


class Neighbours(NamedTuple):
    """The batches of the same stratum around this one, in the order of their windows."""

    audits: list[Audit]
    before: Audit | None
    after: Audit | None


def neighbours_of(audit: Audit, stratum: Sequence[Audit]) -> Neighbours:
    """At most 30 batches to either side."""
    at = next(i for i, other in enumerate(stratum) if other.batch_id == audit.batch_id)
    around = list(stratum[max(0, at - _NEIGHBOURS) : at + _NEIGHBOURS + 1])
    return Neighbours(
        around,
        stratum[at - 1] if at else None,
        stratum[at + 1] if at + 1 < len(stratum) else None,
    )


def why_held(audit: Audit, around: Sequence[Audit]) -> Why:
    """The deciding signal against its limit."""
    assert audit.value is not None and audit.limit is not None
    above = audit.direction == "above"
    low, high = audit.interval_low, audit.interval_high
    nearest = low if above else high
    if nearest is None:
        certainty = "Too few documents for an interval: nothing says how firm this is."
    elif nearest > audit.limit if above else nearest < audit.limit:
        certainty = (
            "The whole 95% interval lies beyond the limit: other documents of this kind would hold it too."
        )
    else:
        certainty = (
            "Its 95% interval reaches back across the limit: other documents of this kind might have passed."
        )
    passed = [
        value for other in around if not other.held and (value := other.estimate(audit.signal)[0]) is not None
    ]
    words = f"{signal_title(audit.signal)} {audit.value:.4g}, {audit.direction} the limit {audit.limit:.4g}"
    dot = Dot(audit.value, low, high, "this", words)
    return Why(
        signal=signal_title(audit.signal),
        meaning=_meaning(audit.signal),
        comparison=(
            f"{audit.value:.3f} is {audit.direction} the limit of {audit.limit:.3f} "
            f"by {abs(audit.value - audit.limit):.3f}."
        ),
        certainty=certainty,
        basis=_basis(audit),
        chart=against_limit(dot, audit.limit, audit.direction, passed),
    )


def _basis(audit: Audit) -> str:
    if audit.own_baseline:
        return "The limit was set from human batches of this very source."
    return f"The limit is that of {audit.basis}: the source has none of its own; expect more false alarms."


def _meaning(signal: str) -> str:
    return TITLES[signal][1] if signal in TITLES else ""


def signal_rows(audit: Audit, around: Sequence[Audit]) -> list[SignalRow]:
    """Every signal of the batch beside those of the passed batches around it; the deciding one first."""
    rows = []
    for name in sorted(SIGNALS, key=lambda name: name != audit.signal):
        value, low, high = (getattr(audit, f"{name}{end}") for end in ("", "_low", "_high"))
        passed = [v for a in around if not a.held and (v := getattr(a, name)) is not None]
        drawn = strip(Dot(value, low, high, "this", ""), passed) if value is not None else Markup("")
        others = median(passed) if passed else None
        title, meaning, decides = signal_title(name), _meaning(name), name == audit.signal
        rows.append(SignalRow(name, title, meaning, value, low, high, others, decides, drawn))
    return rows


def time_charts(audit: Audit, around: Sequence[Audit]) -> list[tuple[str, Markup]]:
    """(caption, chart) of the deciding signal, and of unigram entropy against the seed's floor."""
    charts = []
    for signal in dict.fromkeys((audit.signal, _UNIGRAM)):
        decides = signal == audit.signal
        drawn = [a for a in around if getattr(a, signal) is not None]
        dots = [_dot(a, signal, audit.batch_id) for a in drawn]
        title = f"{signal_title(signal)} of this stratum's batches"
        limit, name = (audit.limit, "limit") if decides else (SEED_FLOOR, "floor")
        caption = f"{signal_title(signal)}: decides" if decides else f"{signal_title(signal)}: recorded only"
        charts.append((caption, over_time(dots, _ticks(drawn, audit.batch_id), limit, name, title)))
    return charts


def _dot(audit: Audit, signal: str, this: str) -> Dot:
    value, low, high = (getattr(audit, f"{signal}{end}") for end in ("", "_low", "_high"))
    kind = "held" if audit.held else "passed" if audit.gated else "open"
    words = f"{audit.window_start or 'undated'}, batch {audit.batch_id[:8]}: {value:.4g}, {kind}"
    return Dot(value, low, high, "this" if audit.batch_id == this else kind, words)


def _ticks(audits: Sequence[Audit], this: str) -> list[tuple[int, str]]:
    at = next((i for i, audit in enumerate(audits) if audit.batch_id == this), 0)
    shown, room = [at], max(1, len(audits) // 4)
    shown += [i for i in (0, len(audits) - 1) if abs(i - at) > room]
    return [(i, audits[i].window_start or NO_DATE) for i in sorted(set(shown))]


def score_chart(batch: HeldBatch) -> tuple[Markup, int]:
    """The documents' probabilities of being synthetic, and how many have none."""
    known = [d.probability for d in batch.documents if d.probability is not None]
    return scores(known), len(batch.documents) - len(known)


def group_numbers(batch: HeldBatch) -> dict[int, int] | None:
    """Place of a document -> number of its group of near-duplicates; None while they are being found."""
    if not batch.groups.done() or batch.groups.cancelled():
        return None
    groups = batch.groups.result()
    return {place: number for number, group in enumerate(groups, start=1) for place in group}


def ordered_places(batch: HeldBatch, groups: dict[int, int] | None, order: str) -> list[int]:
    """The documents' places: by suspicion, or with near-duplicates together, the largest group first."""
    if order == "groups" and groups:
        last = len(groups) + 1
        return sorted(batch.by_suspicion, key=lambda place: groups.get(place, last))
    return batch.by_suspicion


def document_rows(
    batch: HeldBatch, places: Sequence[int], groups: dict[int, int] | None, marks: set[int]
) -> list[DocumentRow]:
    """The rows of one page."""
    return [
        DocumentRow(
            place,
            batch.documents[place],
            " ".join(batch.documents[place].text[: 2 * _SNIPPET].split())[:_SNIPPET],
            (groups or {}).get(place),
            place in marks,
        )
        for place in places
    ]

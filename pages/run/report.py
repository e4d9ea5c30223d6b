"""The report of a run: its pictures in one file that opens without a network."""

from collections.abc import Sequence

from wellspring.pages.html import (
    NONE,
    Html,
    decimal,
    details,
    document,
    integer,
    join,
    name,
    percent,
    prose,
    section,
    table,
    text,
)
from wellspring.pages.run.batches import batches_section
from wellspring.pages.run.changes import changes_section
from wellspring.pages.run.drift import drift_section
from wellspring.pages.run.entropy import entropy_section
from wellspring.pages.run.head import head
from wellspring.pages.run.share import share_section
from wellspring.pages.run.words import CAVEATS, GLOSSARY, LABELS, REASONS, SEED_CAVEATS
from wellspring.pages.svg import Segment, bar, histogram, stacked_bar, swatch
from wellspring.schemas.audit import Audit
from wellspring.schemas.label import PROVENANCE_LABELS
from wellspring.schemas.manifest import Histogram, Manifest
from wellspring.schemas.signal_titles import SIGNALS, signal_title
from wellspring.schemas.window_audit import WindowAudit

# Of entries and sources that something is wrong with; the manifest has all of them.
_ENTRIES_LISTED = 200
_SECTIONS = (
    ("labels", "Labels"),
    ("share", "Share of synthetic text"),
    ("conservation", "Reconciliation"),
    ("entropy", "The gate's signal over crawl time"),
    ("drift", "Drift over crawl time"),
    ("signals", "Signals by label"),
    ("batches", "Batches"),
    ("rejects", "Rejects"),
    ("reading", "How to read this page"),
)


def render_report(manifest: Manifest, audits: Sequence[Audit], windows: Sequence[WindowAudit] = ()) -> str:
    """The whole page. A function of its arguments alone; the order of `audits` and `windows` doesn't matter.

    `audits` may be a sample of a large run's, with all the held ones in it; the page then says so.

    Raises:
        ValueError: the histograms of one signal have different bins.
    """
    drawn = _sample_note(manifest, audits)
    bodies: tuple[list[Html], ...] = (
        _labels(manifest),
        share_section(manifest),
        _conservation(manifest, audits),
        [*drawn, *entropy_section(audits, manifest.gate)],
        drift_section(windows),
        _signals(manifest),
        [*drawn, *batches_section(audits)],
        _rejects(manifest),
        _reading(manifest),
    )
    titles = list(_SECTIONS)
    if manifest.reprocessed_from is not None:
        titles.insert(0, ("changes", "What changed"))
        bodies = (changes_section(manifest.reprocessed_from), *bodies)
    sections = [
        section(anchor, heading, body) for (anchor, heading), body in zip(titles, bodies, strict=True)
    ]
    return document("Wellspring: report of a run", [head(manifest, audits, titles), *sections])


def _sample_note(manifest: Manifest, audits: Sequence[Audit]) -> list[Html]:
    if len(audits) >= manifest.batches:
        return []
    return [
        Html(
            f"<p>This part shows {integer(len(audits))} of {integer(manifest.batches)} batches: held ones "
            "first, of the others a sample. <code>wellspring report</code> draws the page again from all of "
            "them.</p>"
        )
    ]


def _labels(manifest: Manifest) -> list[Html]:
    total = sum(manifest.labelled.values())
    labels = _label_order(manifest.labelled)
    segments = [Segment(label, _style(label), (manifest.labelled[label],)) for label in labels]
    rows = [
        [
            Html(f'<span class="key">{swatch(_style(label))}{name(label)}</span>'),
            integer(manifest.labelled[label]),
            percent(manifest.labelled[label], total),
            prose(LABELS.get(label, "")),
        ]
        for label in labels
    ]
    shares = ", ".join(f"{label} {percent(manifest.labelled[label], total)}" for label in labels)
    parts = [
        Html(f"<figure>{stacked_bar(segments, 'Share of each provenance label', shares)}</figure>"),
        table(
            f"{total:,} documents in documents/; held documents are not counted here",
            ("label", "documents", "share", "meaning"),
            rows,
            numeric=frozenset({1, 2}),
            rest="labels",
        ),
    ]
    if manifest.conflicts:
        parts.append(
            Html(
                f"<p>{integer(manifest.conflicts)} documents of attested sources look synthetic with high "
                "confidence. "
                "They are labelled human_unverified; their reasons say so.</p>"
            )
        )
    return parts


def _conservation(manifest: Manifest, audits: Sequence[Audit]) -> list[Html]:
    rows = [
        [
            name(source),
            integer(c.read),
            integer(c.labelled),
            integer(c.held),
            integer(c.rejected),
            _check(c.read == c.labelled + c.held + c.rejected),
        ]
        for source, c in sorted(
            manifest.by_source.items(),
            # A source whose sum is wrong must be seen however many sources there are.
            key=lambda item: (
                item[1].read == item[1].labelled + item[1].held + item[1].rejected,
                -item[1].read,
                item[0],
            ),
        )
    ]
    labelled, rejected = sum(manifest.labelled.values()), sum(manifest.rejected.values())
    counts = manifest.by_source.values()
    checks = {
        "read = labelled + held + rejected, over the run": manifest.records_read
        == labelled + manifest.held + rejected,
        "the sources add up to the run": (
            [
                sum(c.read for c in counts),
                sum(c.labelled for c in counts),
                sum(c.held for c in counts),
                sum(c.rejected for c in counts),
            ]
            == [manifest.records_read, labelled, manifest.held, rejected]
        ),
        "there are no more audits than batches": len(audits) <= manifest.batches,
        "the audits shown hold as many batches as the manifest": (
            sum(audit.held for audit in audits) == min(manifest.batches_held, len(audits))
        ),
    }
    parts = [
        Html(
            "<p>Every record that was read ends as one labelled document, one held document or one "
            "reject.</p>"
        ),
        table(
            "Checks", ("what must hold", "holds"), [[text(what), _check(ok)] for what, ok in checks.items()]
        ),
        table(
            "By source: read = labelled + held + rejected",
            ("source", "read", "labelled", "held", "rejected", "adds up"),
            rows,
            numeric=frozenset({1, 2, 3, 4}),
            rest="sources",
        ),
    ]
    if manifest.renamed_ids:
        parts.append(
            Html(
                f"<p>{integer(manifest.renamed_ids)} documents came under an id that another text already "
                "had; both are "
                "kept, one with its content hash after the id.</p>"
            )
        )
    if manifest.sources_unmatched:
        entries = [[name(entry)] for entry in manifest.sources_unmatched[:_ENTRIES_LISTED]]
        caption = (
            f"{len(manifest.sources_unmatched):,} entries of sources.yaml were the first to match no document"
        )
        parts.append(table(caption, ("entry",), entries, rest="entries"))
    if manifest.dates_unread:
        by_count = sorted(manifest.dates_unread.items(), key=lambda item: (-item[1], item[0]))
        undated = [[name(source), integer(count)] for source, count in by_count[:_ENTRIES_LISTED]]
        caption = (
            f"{sum(manifest.dates_unread.values()):,} documents have a date that can't be read (date_raw in "
            "their metadata) and count as undated"
        )
        parts.append(table(caption, ("source", "documents"), undated, numeric=frozenset({1}), rest="sources"))
    damaged = [[name(path), name(reason)] for path, reason in sorted(manifest.files_damaged.items())]
    if damaged:
        caption = (
            f"{len(damaged):,} of {manifest.files_read:,} files are damaged; what was read before "
            "the damage is kept"
        )
        parts.append(table(caption, ("file", "damage"), damaged, rest="damaged files"))
    else:
        parts.append(Html(f"<p>None of {integer(manifest.files_read)} files is damaged.</p>"))
    return parts


def _check(ok: bool) -> Html:
    return Html('<span class="ok">✓ yes</span>' if ok else '<span class="bad">✗ ERROR</span>')


def _signals(manifest: Manifest) -> list[Html]:
    shown = [signal for signal in SIGNALS if signal in manifest.histograms]
    shown += sorted(manifest.histograms.keys() - SIGNALS.keys())
    never = [
        signal for signal in shown if not any(sum(h.counts) for h in manifest.histograms[signal].values())
    ]
    figures = [_signal_figure(signal, manifest.histograms[signal]) for signal in shown if signal not in never]
    titles = ", ".join(name(signal_title(signal)) for signal in never)
    missing = [Html(f"<p>Measured on no document: {titles}.</p>")] if never else []
    if not figures:
        return missing or [Html("<p>No signal was measured on any document.</p>")]
    present = {label for by_label in manifest.histograms.values() for label in by_label}
    keys = [Html(f"<li>{swatch(_style(label))}{name(label)}</li>") for label in _label_order(present)]
    return [
        Html(
            "<p>Each outline holds all documents of one label, so that labels of very different size can "
            "be compared. "
            "The outermost bins also hold what lies beyond them.</p>"
        ),
        Html(f'<ul class="legend">{join(keys, "")}</ul>'),
        Html(f'<div class="multiples">{join(figures)}</div>'),
        *missing,
    ]


def _signal_figure(signal: str, by_label: dict[str, Histogram]) -> Html:
    labels = _label_order(by_label)
    if len({tuple(by_label[label].edges) for label in labels}) > 1:
        raise ValueError(f"the histograms of {signal} have different bins: {labels}")
    series, rows = [], []
    for label in labels:
        one, defined = by_label[label], sum(by_label[label].counts)
        if defined:
            series.append(Segment(label, _style(label), [count / defined for count in one.counts]))
        rows.append(
            [name(label), integer(defined), _median_bin(one), percent(one.undefined, one.undefined + defined)]
        )
    undefined = sum(one.undefined for one in by_label.values())
    documents = undefined + sum(sum(one.counts) for one in by_label.values())
    title, meaning = signal_title(signal), SIGNALS[signal][1] if signal in SIGNALS else ""
    description = (
        f"{len(series)} labels, {documents - undefined} documents. The numbers are in the table below it."
    )
    chart = histogram(by_label[labels[0]].edges if labels else [], series, f"{title} by label", description)
    return Html(
        f"<figure><h3>{name(title)}</h3><figcaption>{text(meaning)}{'. ' if meaning else ''}Undefined for "
        f"{percent(undefined, documents)} of documents.</figcaption>{chart}"
        + details(
            "Numbers",
            table("", ("label", "documents", "median in", "undefined"), rows, numeric=frozenset({1, 3})),
        )
        + "</figure>"
    )


def _median_bin(one: Histogram) -> Html:
    half, before = sum(one.counts) / 2, 0
    for index, count in enumerate(one.counts):
        before += count
        if count and before >= half:
            return Html(f"{decimal(one.edges[index])} to {decimal(one.edges[index + 1])}")
    return NONE


def _rejects(manifest: Manifest) -> list[Html]:
    total = sum(manifest.rejected.values())
    if not total:
        return [Html("<p>No record was rejected.</p>")]
    ordered = sorted(manifest.rejected.items(), key=lambda item: (-item[1], item[0]))
    rows = [
        [
            name(reason),
            integer(count),
            percent(count, manifest.records_read),
            bar(count / total),
            prose(REASONS.get(reason, "")),
        ]
        for reason, count in ordered
    ]
    caption = (
        f"{total:,} of {manifest.records_read:,} records were rejected; the rows with their "
        "particulars are in rejects/"
    )
    headers = ("reason", "records", "of all read", "of the rejects", "meaning")
    return [table(caption, headers, rows, numeric=frozenset({1, 2}), rest="reasons")]


def _reading(manifest: Manifest) -> list[Html]:
    caveats = (SEED_CAVEATS if manifest.profile == "seed" else ()) + CAVEATS
    words = [Html(f"<dt>{text(word)}</dt><dd>{text(meaning, 400)}</dd>") for word, meaning in GLOSSARY]
    return [
        Html(f'<dl class="words">{join(words)}</dl><h3>What is weak</h3>'),
        Html("<ul>" + "".join(f"<li>{text(caveat, 400)}</li>" for caveat in caveats) + "</ul>"),
    ]


def _label_order(labels: dict[str, int] | dict[str, Histogram] | set[str]) -> list[str]:
    return [label for label in PROVENANCE_LABELS if label in labels] + sorted(
        set(labels) - set(PROVENANCE_LABELS)
    )


def _style(label: str) -> str:
    return f"c-{label}" if label in PROVENANCE_LABELS else "c-other"

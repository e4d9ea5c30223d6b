"""The report's head: which run this is, and what happened to its batches in a sentence."""

from collections.abc import Sequence
from datetime import datetime

from wellspring.pages.html import Html, brief, details, integer, join, name, table, text
from wellspring.pages.run.batches import flagged
from wellspring.schemas.audit import Audit
from wellspring.schemas.manifest import Manifest


def head(manifest: Manifest, audits: Sequence[Audit], sections: Sequence[tuple[str, str]]) -> Html:
    """The head of the page; `sections` are the anchors below it and their headings."""
    scorer = manifest.scorer
    scored = (
        Html(f"{name(scorer.model)}, fingerprint <code>{text(scorer.id)}</code>")
        if scorer
        else Html("no scorer")
    )
    numbers = {
        "records read": manifest.records_read,
        "labelled": sum(manifest.labelled.values()),
        "held": manifest.held,
        "rejected": sum(manifest.rejected.values()),
        "batches": manifest.batches,
        "batches held": manifest.batches_held,
        "tokens": manifest.tokens,
    }
    cards = [
        Html(f"<div><dt>{text(what)}</dt><dd>{brief(count)}</dd></div>") for what, count in numbers.items()
    ]
    links = [Html(f'<a href="#{anchor}">{text(heading)}</a>') for anchor, heading in sections]
    style = "outcome flagged" if any(map(flagged, audits)) or manifest.batches_held else "outcome"
    return Html(
        "<header><h1>Report of a run</h1>\n"
        f"<p>Profile {name(manifest.profile)}, gate {name(manifest.gate)}, scorer: {scored}. "
        f'<span class="soft">{text(manifest.started)} to {text(manifest.finished)}{_duration(manifest)}, '
        f"code {text(manifest.code_version)}.</span></p>\n"
        f'<p class="{style}">{outcome(manifest, audits)}</p>\n'
        f'<dl class="numbers">{join(cards)}</dl>\n{_how_it_was_run(manifest)}\n'
        f'<nav aria-label="Sections">{join(links)}</nav></header>'
    )


def outcome(manifest: Manifest, audits: Sequence[Audit]) -> Html:
    """What happened to the batches, in a sentence."""
    total = integer(manifest.batches)
    if not manifest.batches:
        return Html("No batch was made, so none was audited or held.")
    suspects = [audit for audit in audits if flagged(audit)]
    enforced = manifest.gate == "enforce"
    count = manifest.batches_held if enforced else len(suspects)
    ungated = sum(not audit.gated for audit in audits)
    tail = (
        f" {integer(ungated)} could not be judged and {_plural_verb(ungated)} not gated." if ungated else ""
    )
    if not count:
        verb = "is held" if enforced else "would have been held"
        return Html(f"No batch of {total} crossed its limit; none {verb}.{tail}")
    below = all(audit.direction == "below" for audit in suspects)
    crossed = (
        ("fell below its floor" if count == 1 else "fell below their floor")
        if below
        else ("crossed its limit" if count == 1 else "crossed their limit")
    )
    if not enforced and len(audits) < manifest.batches:
        total = Html(f"{integer(len(audits))} sampled (of {total})")
    whole = f"{integer(count)} of {total} batches {crossed}"
    if not enforced:
        return Html(f"{whole} and would have been held: the gate only monitors, so nothing is held.{tail}")
    folder = text(manifest.parameters.get("output", "RUN"))
    queue = f"<code>{folder}/hold/</code>"
    return Html(f"{whole} and {_plural_verb(count)} held for review, each with its ticket in {queue}.{tail}")


def _plural_verb(count: int) -> str:
    return "is" if count == 1 else "are"


def _duration(manifest: Manifest) -> Html:
    try:
        span = datetime.fromisoformat(manifest.finished) - datetime.fromisoformat(manifest.started)
    except (TypeError, ValueError):  # not two comparable ISO times: both are shown as they are
        return Html("")
    seconds = int(span.total_seconds())
    return Html(f" ({seconds // 3600} h {seconds % 3600 // 60} min {seconds % 60} s)")


def _how_it_was_run(manifest: Manifest) -> Html:
    facts = {
        "batch size, documents": f"{manifest.batch_documents:,}",
        "batches by": ", ".join(manifest.batch_by),
        "window, days": f"{manifest.window_days:,}",
        "profile, sha256": manifest.profile_sha256,
        "schema version": str(manifest.schema_version),
    }
    if manifest.scorer:
        facts |= {
            "scorer weights, sha256": manifest.scorer.weights_sha256,
            "scorer dtype": manifest.scorer.dtype,
            "scored on": ", ".join(f"{device}: {n:,} documents" for device, n in manifest.scored_on.items()),
            "scorer window, stride": f"{manifest.scorer.window:,}, {manifest.scorer.stride:,} tokens",
        }
    rows = [[text(what), name(value)] for what, value in facts.items()]
    rows += [[name(f"--{flag}"), name(value)] for flag, value in sorted(manifest.parameters.items())]
    return details("How it was run", table("Settings and flags", ("setting", "value"), rows, rest="settings"))

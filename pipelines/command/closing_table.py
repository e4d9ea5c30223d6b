"""The short table at the end of a run."""

from wellspring.schemas.label import PROVENANCE_LABELS
from wellspring.schemas.manifest import Manifest


def closing_table(manifest: Manifest, run: str, seconds: float) -> str:
    """Read, per label, held, rejected by reason, tokens per second, and where it lies."""
    rows: list[tuple[str, str]] = [("records read", f"{manifest.records_read:,}")]
    rows += [(f"  {label}", f"{manifest.labelled.get(label, 0):,}") for label in PROVENANCE_LABELS]
    held = f"{manifest.held:,}"
    if manifest.gate == "monitor":
        held += "   (gate=monitor holds nothing)"
    rows.append(("  held for review", held))
    rows += [(f"  rejected: {reason}", f"{n:,}") for reason, n in sorted(manifest.rejected.items())]
    rows += [
        ("files read", f"{manifest.files_read:,}"),
        *([("  damaged", f"{len(manifest.files_damaged):,}")] if manifest.files_damaged else []),
        ("batches", f"{manifest.batches:,}, {manifest.batches_held:,} held"),
        (
            "tokens",
            f"{manifest.tokens:,} in {seconds:.1f} s, {manifest.tokens / max(seconds, 1e-9):,.0f} tokens/s",
        ),
        *_spared(manifest),
        ("profile, gate", f"{manifest.profile}, {manifest.gate}"),
        ("scorer", f"{manifest.scorer.id}, {manifest.scorer.dtype}" if manifest.scorer else "none"),
        *[
            (f"  on {device}", f"{spent:,.1f} s")
            for device, spent in (manifest.cost.scoring_seconds.items() if manifest.cost else ())
        ],
        ("output", run),
        ("report", f"{run.rstrip('/')}/report.html"),
    ]
    if unmatched := manifest.sources_unmatched:
        shown = "; ".join(map(_shortened, unmatched[:_ENTRIES_SHOWN]))
        more = "; ..." if len(unmatched) > _ENTRIES_SHOWN else ""
        rows.append(("sources unmatched", f"{len(unmatched):,}, first to match no document: {shown}{more}"))
    if unread := sum(manifest.dates_unread.values()):
        rows.append(("dates unread", f"documents: {unread:,}, kept as undated (by source in the report)"))
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def _shortened(entry: str) -> str:
    return entry if len(entry) <= _ENTRY_CHARACTERS else f"{entry[: _ENTRY_CHARACTERS - 3]}..."


_BATCHES_SHOWN = 10
_ENTRIES_SHOWN, _ENTRY_CHARACTERS = 3, 60


def changes_table(manifest: Manifest) -> str:
    """What a reprocessed run has otherwise than the run it was made of: labels old to new, and batches that
    are held now or not any more. Empty for a run that was made of none.
    """
    before = manifest.reprocessed_from
    if before is None:
        return ""
    lines = [f"made of {before.run}: {', '.join(before.changed) or 'nothing changed'}"]
    moves = [(old, new, n) for old, by_new in before.labels.items() for new, n in by_new.items()]
    width = max((len(f"{old} -> {new}") for old, new, _ in moves if old != new), default=0)
    for old, new, n in sorted(moves, key=lambda move: -move[2]):
        if old != new:
            lines.append(f"  {f'{old} -> {new}':<{width}}  {n:,}")
    same = sum(n for old, new, n in moves if old == new)
    lines.append(f"  labels as before: {same:,} of {sum(n for *_, n in moves):,}")
    state = "beyond their limit" if before.only_monitored else "held"
    for words, ids in (
        (f"newly {state}", before.newly_held),
        (f"not {state} any more", before.newly_passed),
    ):
        shown = ", ".join(ids[:_BATCHES_SHOWN]) + (", ..." if len(ids) > _BATCHES_SHOWN else "")
        lines.append(f"  batches {words}: {len(ids):,}" + (f" ({shown})" if ids else ""))
    return "\n".join(lines)


def _spared(manifest: Manifest) -> list[tuple[str, str]]:
    """What `--scoring=decisive` saved."""
    if manifest.scorer is None or manifest.tokens_scored == manifest.tokens:
        return []
    share = 1 - manifest.tokens_scored / manifest.tokens
    return [("  not scored", f"{share:.1%} of the tokens: the model could not change those verdicts")]

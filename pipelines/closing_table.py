"""The short table at the end of a run."""

from schemas.label import PROVENANCE_LABELS
from schemas.manifest import Manifest


def closing_table(manifest: Manifest, run: str, seconds: float) -> str:
    """Read, per label, held, rejected by reason, tokens a second, and where it lies."""
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
        ("tokens", f"{manifest.tokens:,} in {seconds:.1f} s, {manifest.tokens / seconds:,.0f} tokens/s"),
        *_spared(manifest),
        ("profile, gate", f"{manifest.profile}, {manifest.gate}"),
        ("scorer", manifest.scorer.id if manifest.scorer else "none"),
        ("lies in", run),
        ("to look at", f"{run.rstrip('/')}/report.html"),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def _spared(manifest: Manifest) -> list[tuple[str, str]]:
    """What `--scoring=decisive` saved."""
    if manifest.scorer is None or manifest.tokens_scored == manifest.tokens:
        return []
    share = 1 - manifest.tokens_scored / manifest.tokens
    return [("  not scored", f"{share:.1%} of the tokens: the model could not change those verdicts")]

"""The tables that `wellspring mix` prints: the plan before the draw, the set after it."""

from collections.abc import Sequence

from wellspring.schemas.recipe import Recipe
from wellspring.schemas.training_set import TAIL, SetManifest
from wellspring.signals.mix.plan import MixPlan
from wellspring.signals.mix.tail_pack import copies_rule, expected_copies

_FEW = 100
"""Documents below which a set is a sample of a few authors."""


def plan_table(recipe: Recipe, plan: MixPlan) -> str:
    """What is wanted of each stratum, and what there is."""
    rows = [("stratum", "share", "tokens planned", "tokens there", "documents there")]
    rows += [
        (s.name, f"{s.share:.2%}", f"{s.planned:,}", f"{s.tokens:,}", f"{s.documents:,}") for s in plan.strata
    ]
    lines = [_columns(rows)]
    if plan.lowered_from is not None:
        lines.append(
            f"lowered from {plan.lowered_from:,} to {plan.tokens:,} tokens: the smallest stratum decides "
            "(when_short: lower)"
        )
    for stratum in plan.strata:
        if stratum.name == TAIL and stratum.tokens:
            rule = copies_rule(expected_copies(stratum.planned, stratum.tokens))
            lines.append(f"tail: {stratum.documents:,} documents, {rule}")
    if recipe.by == "probabilities":
        expected = sum(
            s.share * value for s in plan.strata if (value := expected_share(s.name, s.synthetic)) is not None
        )
        lines.append(f"expected to be synthetic: {expected:.2%} of the tokens")
    return "\n".join(lines)


def expected_share(stratum: str, synthetic: float | None) -> float | None:
    """The share of a stratum that counts as synthetic; None where nothing is judged."""
    known = {"human_verified": 0.0, TAIL: 0.0, "synthetic_known": 1.0}
    return known.get(stratum, synthetic)


def closing_table(manifest: SetManifest, folder: str, seconds: float) -> str:
    """Shares planned and drawn, effective size, what was kept out and held, and where it lies."""
    planned = {s.name: s for s in manifest.plan}
    rows = [("stratum", "planned", "drawn", "tokens", "rows", "documents")]
    rows += [
        (
            d.name,
            f"{planned[d.name].share:.2%}",
            f"{d.share:.2%}",
            f"{d.tokens:,}",
            f"{d.rows:,}",
            f"{d.documents:,}",
        )
        for d in manifest.drawn
    ]
    n = manifest.distinct_documents
    facts = [
        ("tokens", f"{manifest.tokens:,} in {seconds:.1f} s"),
        ("documents", f"{n:,}, {sum(manifest.labelled.values()):,} rows with copies"),
        (
            "effective size",
            f"{manifest.effective_sample_size:,.0f} documents, {_share(manifest):.2f} of them",
        ),
        (
            "held by its gate",
            f"{manifest.held:,} in {manifest.batches_held:,} of {manifest.batches:,} batches",
        ),
        *((f"kept out: {reason}", f"{count:,}") for reason, count in manifest.kept_out.items()),
        *_expected(manifest),
        *_rare(manifest),
        *_far_off(manifest),
        *(("warning", line) for line in warnings(manifest)),
        ("output", folder),
        ("report", f"{folder.rstrip('/')}/report.html"),
    ]
    width = max(len(name) for name, _ in facts)
    return "\n".join([_columns(rows), *(f"{name:<{width}}  {value}" for name, value in facts)])


def warnings(manifest: SetManifest) -> list[str]:
    """What makes a set a poor one to train on, whatever its shares are: for its card and the terminal."""
    found = []
    documents, effective = manifest.distinct_documents, manifest.effective_sample_size
    if documents < _FEW:
        found.append(
            f"all of its tokens come from {documents:,} {'document' if documents == 1 else 'documents'}: "
            "give more or larger runs, or ask for fewer tokens"
        )
    elif effective < _FEW:
        found.append(
            f"copies and weights make its {documents:,} documents worth {effective:,.0f}: lower the recipe's "
            "boosts and copies, or give more documents"
        )
    rare = manifest.rare_types
    if rare is not None and rare.plain and rare.kept < rare.plain:
        found.append(
            f"it keeps {rare.kept / rare.plain:.2f} times as many rare words as the same number of tokens "
            "drawn at random would: the recipe's shares take more from text with few of them, or too few "
            "documents are drawn to tell"
        )
    return found


def far_off(manifest: SetManifest) -> list[str]:
    """Strata whose drawn share is more than a hundredth of the set from the planned one."""
    planned = {s.name: s.share for s in manifest.plan}
    return [d.name for d in manifest.drawn if abs(d.share - planned[d.name]) > 0.01]


def _far_off(manifest: SetManifest) -> list[tuple[str, str]]:
    names = far_off(manifest)
    if not names:
        return []
    why = (
        "batches were held" if manifest.held else "whole documents are drawn, and these are long for the set"
    )
    return [("off by over 1%", f"{', '.join(names)}: {why}")]


def _share(manifest: SetManifest) -> float:
    n = manifest.distinct_documents
    return manifest.effective_sample_size / n if n else 0.0


def _expected(manifest: SetManifest) -> list[tuple[str, str]]:
    one = manifest.expected_synthetic
    if one is None:
        return [("expected synthetic", "unknown: no calibrated probability for one of the labels")]
    bounds = (
        f" ({max(one.low, 0):.2%} to {one.high:.2%})" if one.low is not None and one.high is not None else ""
    )
    unjudged = f", {manifest.without_probability:,} documents by their label's mean"
    return [
        ("expected synthetic", f"{one.value:.2%}{bounds}{unjudged if manifest.without_probability else ''}")
    ]


def _rare(manifest: SetManifest) -> list[tuple[str, str]]:
    rare = manifest.rare_types
    if rare is None or not rare.plain:
        return []
    return [
        (
            "rare words kept",
            f"{rare.kept:,.0f} of {rare.corpus:,} that one or two documents have; "
            f"plain sampling {rare.plain:,.0f} ({rare.kept / rare.plain:.2f} times as many)",
        )
    ]


def _columns(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )

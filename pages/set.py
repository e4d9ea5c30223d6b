"""report.html of a training set: what was asked for, what was drawn, and what that does to the tail."""

from collections.abc import Sequence

from wellspring.pages.html import (
    NONE,
    Html,
    brief,
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
from wellspring.pages.mix_table import expected_share, far_off
from wellspring.pages.run.batches import batches_section
from wellspring.pages.run.entropy import entropy_section
from wellspring.pages.run.words import LABELS
from wellspring.pages.svg import Segment, bar, histogram, stacked_bar, swatch
from wellspring.schemas.audit import Audit
from wellspring.schemas.label import HUMAN_VERIFIED, PROVENANCE_LABELS
from wellspring.schemas.training_set import TAIL, SetManifest, StratumDrawn, StratumPlan
from wellspring.signals.mix.tail_pack import copies_rule, expected_copies

_SECTIONS = (
    ("shares", "Shares"),
    ("rarity", "Rare text"),
    ("tail", "Injected tail"),
    ("size", "Effective sample size"),
    ("entropy", "Entropy of its batches"),
    ("batches", "Batches"),
    ("kept-out", "Kept out"),
    ("origin", "Where it comes from"),
    ("reading", "How to read this page"),
)
_INJECTED = "verified human text, injected because it is rare"


def render_set(manifest: SetManifest, audits: Sequence[Audit]) -> str:
    """The whole page, a function of its arguments alone; `audits` may be a sample of a large set's."""
    bodies = (
        _shares(manifest),
        _rarity(manifest),
        _tail(manifest),
        _size(manifest),
        entropy_section(audits, manifest.gate),
        batches_section(audits),
        _kept_out(manifest),
        _origin(manifest),
        _reading(manifest),
    )
    sections = [
        section(anchor, heading, body) for (anchor, heading), body in zip(_SECTIONS, bodies, strict=True)
    ]
    return document("Wellspring: a training set", [_head(manifest), *sections])


def _head(manifest: SetManifest) -> Html:
    numbers = {
        "tokens": manifest.tokens,
        "rows": sum(manifest.labelled.values()),
        "documents": manifest.distinct_documents,
        "batches": manifest.batches,
        "batches held": manifest.batches_held,
        "kept out": sum(manifest.kept_out.values()),
    }
    cards = [Html(f"<div><dt>{text(what)}</dt><dd>{brief(n)}</dd></div>") for what, n in numbers.items()]
    links = [Html(f'<a href="#{anchor}">{text(heading)}</a>') for anchor, heading in _SECTIONS]
    off = far_off(manifest)
    outcome = (
        Html(f"The shares of {text(', '.join(off))} are more than 1% from the recipe's.")
        if off
        else Html("Every stratum has the recipe's share, within 1% of the set's tokens.")
    )
    if manifest.lowered_from is not None:
        outcome = Html(
            f"{outcome} The runs are too small for {integer(manifest.lowered_from)} tokens at these shares: "
            f"the set has {integer(manifest.tokens)}."
        )
    style = "outcome flagged" if off or manifest.batches_held or manifest.lowered_from else "outcome"
    return Html(
        "<header><h1>A training set</h1>\n"
        f"<p>Seed {manifest.seed}, from {integer(len(manifest.runs))} runs, tokenizer "
        f"{name(manifest.tokenizer)}, gate {name(manifest.gate)} under profile {name(manifest.profile)}. "
        f'<span class="soft">{text(manifest.started)} to {text(manifest.finished)}, code '
        f"{text(manifest.code_version)}.</span></p>\n"
        f'<p class="{style}">{outcome}</p>\n<dl class="numbers">{join(cards)}</dl>\n'
        f'<nav aria-label="Sections">{join(links)}</nav></header>'
    )


def _shares(manifest: SetManifest) -> list[Html]:
    planned = _by_label({s.name: s.share for s in manifest.plan})
    bars = [
        (title, stacked_bar([_segment(label, shares) for label in PROVENANCE_LABELS], title, _said(shares)))
        for title, shares in (("Planned", planned), ("Drawn", manifest.shares))
    ]
    figures = [
        Html(f"<figure><figcaption>{text(title)}, in tokens</figcaption>{chart}</figure>")
        for title, chart in bars
    ]
    rows = [_stratum_row(plan, drawn) for plan, drawn in _pairs(manifest)]
    parts = [
        *figures,
        table(
            "Strata: what was planned, what was drawn, and what the runs hold",
            ("stratum", "planned", "drawn", "tokens", "rows", "documents", "tokens there", "meaning"),
            rows,
            numeric=frozenset(range(1, 7)),
            rest="strata",
        ),
        _expected(manifest),
    ]
    if manifest.held:
        parts.append(
            Html(
                f"<p>{integer(manifest.held)} rows are held by the set's own gate and count as not drawn.</p>"
            )
        )
    if manifest.forgotten:
        parts.append(
            Html(
                f"<p>{integer(manifest.forgotten)} documents were taken out after the draw "
                "(<code>forgotten/</code>): what was drawn is what is left of it.</p>"
            )
        )
    return parts


def _pairs(manifest: SetManifest) -> list[tuple[StratumPlan, StratumDrawn]]:
    drawn = {stratum.name: stratum for stratum in manifest.drawn}
    return [(plan, drawn[plan.name]) for plan in manifest.plan]


def _by_label(shares: dict[str, float]) -> dict[str, float]:
    """The tail is verified text: its share lies inside that label's."""
    labels = dict.fromkeys(PROVENANCE_LABELS, 0.0)
    for stratum, share in shares.items():
        labels[HUMAN_VERIFIED if stratum == TAIL else stratum] += share
    return labels


def _segment(label: str, shares: dict[str, float]) -> Segment:
    return Segment(label, f"c-{label}", (shares.get(label, 0.0),))


def _said(shares: dict[str, float]) -> str:
    return ", ".join(f"{label} {share:.1%}" for label, share in shares.items())


def _stratum_row(plan: StratumPlan, drawn: StratumDrawn) -> list[Html]:
    style = "c-human_verified" if plan.name == TAIL else f"c-{plan.name}"
    meaning = _INJECTED if plan.name == TAIL else LABELS.get(plan.name, "")
    return [
        Html(f'<span class="key">{swatch(style)}{name(plan.name)}</span>'),
        Html(f"{plan.share:.2%}"),
        Html(f"{drawn.share:.2%}"),
        integer(drawn.tokens),
        integer(drawn.rows),
        integer(drawn.documents),
        integer(plan.tokens),
        prose(meaning),
    ]


def _expected(manifest: SetManifest) -> Html:
    one = manifest.expected_synthetic
    if one is None:
        return Html(
            "<p>How much of it is expected to be synthetic is not known: for a label there is no calibrated "
            "probability.</p>"
        )
    interval = (
        f" (95% interval {max(one.low, 0):.2%} to {one.high:.2%}, documents as the unit)"
        if one.low is not None and one.high is not None
        else ""
    )
    unjudged = (
        f" {integer(manifest.without_probability)} documents that no profile judged count by the mean of "
        "their label."
        if manifest.without_probability
        else ""
    )
    strata = [
        f"{plan.name} {share:.1%}"
        for plan in manifest.plan
        if (share := expected_share(plan.name, plan.synthetic)) is not None
    ]
    return Html(
        f"<p><strong>{one.value:.2%}</strong> of the tokens are expected to be synthetic{interval}: the sum "
        "of the calibrated probabilities, verified text counting as human and known synthetic text as such "
        f"(of the strata: {text(', '.join(strata), 400)}).{unjudged} That holds for text like the profile's "
        "own.</p>"
    )


def _rarity(manifest: SetManifest) -> list[Html]:
    corpus, drawn = manifest.rarity.get("corpus", []), manifest.rarity.get("set", [])
    median = manifest.low_frequency.median_rarity
    if not corpus or median is None:
        return [
            Html(
                "<p>The recipe asks for no low-frequency weights, so rarity was not measured: every document "
                "of a stratum had the same chance.</p>"
            )
        ]
    edges = [corpus[0][0], *(high for _, high, _ in corpus)]
    inside = {low: n for low, _, n in drawn}
    before, after = sum(n for *_, n in corpus), sum(n for *_, n in drawn) or 1
    series = [
        Segment("corpus", "c-other", [n / before for *_, n in corpus]),
        Segment("set", "c-human_verified", [inside.get(low, 0) / after for low, *_ in corpus]),
    ]
    keys = [
        Html(f"<li>{swatch(style)}{text(what)}</li>")
        for what, style in (("the runs", "c-other"), ("the set, without copies", "c-human_verified"))
    ]
    picture = histogram(
        edges,
        series,
        "Rarity of documents, before and after",
        "Mean log rarity of a document's content words, in nats, over the runs and over the set.",
    )
    parts = [
        Html(
            "<p>Rarity is the mean of ln(documents / documents that have the word) over a document's content "
            "words: the log of how many documents one reads to meet such a word. Junk has none, and is drawn "
            "like any other text.</p>"
        ),
        Html(f'<ul class="legend">{join(keys)}</ul>'),
        Html(f'<div class="multiples"><figure>{picture}</figure></div>'),
        Html(f"<p>The median document of the runs has {median:.2f} nats.</p>"),
    ]
    rare = manifest.rare_types
    if rare is not None and rare.corpus:
        more = (
            f". The set keeps {rare.kept / rare.plain:.2f} times as many as plain sampling"
            if rare.plain
            else ""
        )
        parts += [
            table(
                "Content words that one or two documents of the runs have",
                ("", "words", "share", ""),
                [
                    [text("in the runs"), integer(rare.corpus), percent(1, 1), bar(1)],
                    [
                        text("kept by the set"),
                        integer(round(rare.kept)),
                        percent(rare.kept, rare.corpus),
                        bar(rare.kept / rare.corpus, "c-human_verified"),
                    ],
                    [
                        text("kept by plain sampling of the same shares"),
                        integer(round(rare.plain)),
                        percent(rare.plain, rare.corpus),
                        bar(rare.plain / rare.corpus),
                    ],
                ],
                numeric=frozenset({1, 2}),
            ),
            Html(
                f'<p class="soft">Counted by a sketch, without junk{more}. Entropy would hardly '
                "show it: four fifths of the rare words can die while it falls by a twentieth.</p>"
            ),
        ]
    return parts


def _tail(manifest: SetManifest) -> list[Html]:
    plan = next((s for s in manifest.plan if s.name == TAIL), None)
    if plan is None:
        return [Html("<p>The recipe injects none.</p>")]
    copies = expected_copies(plan.planned, plan.tokens)
    rows = [[name(id), decimal(expected), integer(n)] for id, expected, n in manifest.tail]
    drawn = next(s for s in manifest.drawn if s.name == TAIL)
    return [
        Html(
            f"<p>{integer(plan.documents)} documents, of which {integer(drawn.documents)} are in. "
            f"{text(copies_rule(copies), 400).capitalize()}. The rule is: at least one copy of each in a "
            "generation's text, better three.</p>"
        ),
        table(
            "Injected documents and their copies",
            ("document", "expected copies", "copies"),
            rows,
            numeric=frozenset({1, 2}),
            rest="documents",
        ),
    ]


def _size(manifest: SetManifest) -> list[Html]:
    rows = [
        [
            name(drawn.name),
            integer(drawn.documents),
            decimal(drawn.effective_sample_size),
            decimal(drawn.effective_sample_size / drawn.documents) if drawn.documents else NONE,
            decimal(drawn.threshold),
        ]
        for drawn in manifest.drawn
    ]
    copies = [
        [text(n), integer(documents), percent(documents, manifest.distinct_documents)]
        for n, documents in manifest.copies.items()
    ]
    n = manifest.distinct_documents
    return [
        Html(
            f"<p>{integer(n)} documents tell as much about the runs as "
            f"{integer(round(manifest.effective_sample_size))} drawn with equal chances would "
            f"({percent(manifest.effective_sample_size, n)} of them): that is what the weights cost.</p>"
        ),
        table(
            "Strata",
            ("stratum", "documents", "effective", "of them", "threshold of keys"),
            rows,
            numeric=frozenset({1, 2, 3, 4}),
        ),
        table("Copies", ("copies", "documents", "share"), copies, numeric=frozenset({1, 2})),
    ]


def _kept_out(manifest: SetManifest) -> list[Html]:
    meaning = {
        "anchor": "A document of the anchor set, or close to one, or a tenth of either quotes the other.",
        "duplicate": "The same text as a document of an earlier run: taken once.",
        "tail_pack": "The same text as an injected document: taken as that.",
    }
    rows = [
        [name(reason), integer(count), prose(meaning.get(reason, ""))]
        for reason, count in sorted(manifest.kept_out.items())
    ]
    return [
        Html("<p>Documents of the runs that could not be drawn; <code>lineage/</code> lists each.</p>"),
        table("By reason", ("reason", "documents", "meaning"), rows, numeric=frozenset({1}), rest="reasons"),
    ]


def _origin(manifest: SetManifest) -> list[Html]:
    rows = [
        [name(run.path), Html(f"<code>{text(run.manifest_sha256)}</code>"), integer(len(run.releases))]
        for run in manifest.runs
    ]
    recipe = [[name(key), name(str(value), 400)] for key, value in manifest.recipe.items()]
    anchor = [[name(key), name(value)] for key, value in (manifest.anchor or {}).items()]
    return [
        table("Runs", ("run", "sha256 of its manifest", "releases"), rows, numeric=frozenset({2})),
        table("Anchor set that was kept out", ("", ""), anchor),
        details("Recipe", table("Recipe", ("key", "value"), recipe, rest="keys")),
    ]


def _reading(manifest: SetManifest) -> list[Html]:
    separator = (
        f"each document is followed by id {manifest.separator_id}, which no share counts"
        if manifest.separator_id is not None
        else "nothing stands between documents"
    )
    return [
        Html(
            "<p>Rows lie in the order of a hash of seed, id and copy: the shards, one after the other, are "
            "the set, shuffled. A copy is in where its key, (u + copy) / weight with u a hash of seed and "
            "id, lies below its stratum's threshold.</p>"
        ),
        Html(
            "<p>To estimate a sum over the runs, add value / <code>expected_copies</code> over the rows. "
            "<code>wellspring lineage --set=DIR --id=ID</code> says of any document why it is in or not.</p>"
        ),
        Html(
            f"<p>Token shards are Megatron's indexed data sets (.bin, .idx), {text(manifest.token_dtype)}; "
            f"{text(separator)}.</p>"
        ),
        Html(
            "<p>No label proves who wrote a text. A share of human_unverified text is text of which nothing "
            "is known.</p>"
        ),
    ]

"""README.md of a training set: for whoever trains on it or is asked what is in it."""

import html
import re

from wellspring.schemas.set_card import SetCard

_MARKS = re.compile(r"([\\`*_{}\[\]()#+!|~])")
_ALWAYS = (
    "`synthetic_suspected` and `human_unverified` rest on measurements that miss much machine text; no "
    "figure here says that a document was written by a person.",
    "Licences are what the sources state, as they state it; nobody checked them.",
    "Texts come from the web: expect errors, private data and offence, and filter for your use.",
)


def data_card(card: SetCard) -> str:
    """The card in Markdown. What comes from outside can't be markup in it."""
    lines = [
        f"# {_plain(card.name)}",
        "",
        _plain(card.description),
        "",
        f"Drawn from runs that ended by {_plain(card.created)}: {card.documents:,} rows, "
        f"{card.tokens:,} tokens of {_plain(card.tokenizer)}.",
        "`manifest.json` holds the recipe, the runs with their hashes and each file's sha256; "
        "`croissant.json` says how to read it by machine.",
        "",
        "## Shares of tokens",
        "",
        "| label | planned | drawn |",
        "|---|---|---|",
        *(f"| {_plain(s.label)} | {s.planned:.2%} | {s.drawn:.2%} |" for s in card.shares),
        "",
        _synthetic(card),
        "",
        "## Licences",
        "",
        "| licence | documents |",
        "|---|---|",
        *(f"| {_plain(name)} | {count:,} |" for name, count in sorted(card.licences.items())),
        "",
        "## How it was judged",
        "",
        f"- Profile: {_plain(card.profile)}",
        f"- Scorer: {_plain(card.scorer) if card.scorer else 'none'}",
        f"- Runs: {', '.join(map(_plain, card.runs)) or 'none'}",
        f"- Anchor set kept out: {f'root {_plain(card.anchor)}' if card.anchor else 'none'}",
        "",
        "## Known weaknesses",
        "",
        *(f"- {_plain(weakness)}" for weakness in card.weaknesses),
        *(f"- {weakness}" for weakness in _ALWAYS),
    ]
    return "\n".join(lines) + "\n"


def _synthetic(card: SetCard) -> str:
    if card.expected_synthetic is None:
        return "No share of synthetic text was estimated."
    value, low, high = card.expected_synthetic
    return f"Of its tokens {value:.1%} ({low:.1%} to {high:.1%}) are expected to be synthetic."


def _plain(text: str) -> str:
    """Text from outside on one line, with no mark of Markdown or HTML left in it."""
    return html.escape(_MARKS.sub(r"\\\1", " ".join(text.split())), quote=False)

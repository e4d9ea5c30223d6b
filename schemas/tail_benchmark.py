"""A tail benchmark: items.jsonl and manifest.json of `wellspring tails build`, scores of `tails score`."""

from typing import Annotated, Literal

import msgspec

from wellspring.schemas.manifest import FileEntry
from wellspring.schemas.scorer import ScorerFingerprint

ItemSet = Literal["tail", "head"]
SETS: tuple[ItemSet, ...] = ("tail", "head")
Kind = Literal["term", "collocation", "sense", "construction"]
KINDS: tuple[Kind, ...] = ("term", "collocation", "sense", "construction")
POWER = 0.8
"""The chance to see a difference that is there."""
DIFFERENCE = 0.05
"""Of accuracies, that is to be seen."""


class TailItem(msgspec.Struct, frozen=True, kw_only=True):
    """A line of items.jsonl: which of two words goes on from a context of real text.

    `tail` items are rare but real, `head` items are the frequent control of the same form:

    | kind | tail | head |
    |---|---|---|
    | term | a rare word after a word that it belongs to | a common word after a word that it often follows |
    | collocation | a rare pair of middling words that belong together | a frequent pair |
    | sense | a common word after a word that it rarely follows: its rare uses, as far as the word before tells | after a word that it often follows |
    | construction | a function word after an uncommon word that governs it | after a common word |
    """  # noqa: E501

    id: str
    set: ItemSet
    kind: Kind
    domain: str
    """The corpus file, without folder and endings."""
    context: str
    """Ends without white space; one space stands between it and a choice."""
    choices: Annotated[list[str], msgspec.Meta(min_length=2, max_length=2)]
    """The true word and the distractor, in an order decided by hash."""
    answer: Annotated[int, msgspec.Meta(ge=0, le=1)]
    """Which choice is the true one."""
    document: str
    """Id of the document that the passage comes from."""
    source: str
    """The document's source."""
    words_seen: int
    """How often the reference has the true word, this document aside."""
    distractor_seen: int
    """The same of the distractor: within a factor of two."""
    documents_seen: int
    """In how many other documents of the reference the type occurs: a term, or the pair of words."""


class ReadFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a build read."""

    sha256: str
    documents: int


class TailManifest(msgspec.Struct, frozen=True, kw_only=True):
    """How a benchmark was made; everything in it follows from the input."""

    schema_version: int
    seed: int
    corpus: dict[str, ReadFile]
    reference: str
    """What frequencies were counted on: `against`, or `corpus` (each document without itself)."""
    against: dict[str, ReadFile]
    """Training files: nothing in the items shares 13 words in a row with them."""
    anchor: dict[str, ReadFile]
    """The anchor set's last version, by its own hash, and all documents of the set."""
    power: float
    difference: float
    """The difference of accuracies that is to be seen with that power."""
    items_needed: int
    """Of each set in each domain."""
    items: dict[str, dict[str, dict[str, int]]]
    """Domain -> set -> kind -> items."""
    documents: dict[str, int]
    """Domain -> documents that gave an item."""
    refused: dict[str, int]
    """Documents and passages left out, by reason."""
    files: dict[str, FileEntry]


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """A figure and its 95% interval; bounds null with fewer than two documents."""

    value: float
    low: float | None
    high: float | None


class TestedInterval(Interval, frozen=True, kw_only=True):
    """With the two-sided p of its being 0."""

    p: float


class SetAccuracy(msgspec.Struct, frozen=True, kw_only=True):
    """On one set: the share of items on which the true word has the higher log probability per byte."""

    items: int
    accuracy: Interval
    by_kind: dict[str, float]


class ModelScores(msgspec.Struct, frozen=True, kw_only=True):
    model: str
    scorer: ScorerFingerprint
    sets: dict[str, SetAccuracy]
    """`tail` and `head`."""


class Discordant(msgspec.Struct, frozen=True, kw_only=True):
    """McNemar's exact test."""

    only_first: int
    only_second: int
    p: float


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The second model against the first. A drop is the first's accuracy less the second's."""

    tail_drop: TestedInterval
    head_drop: TestedInterval
    difference: TestedInterval
    """Tail drop less head drop: what the tail lost beyond what everything lost."""
    mcnemar: dict[str, Discordant]
    """By set."""


class TailScores(msgspec.Struct, frozen=True, kw_only=True):
    """What `tails score` writes."""

    items_sha256: str
    domains: dict[str, list[ModelScores]]
    """Domain -> each model; `all` is every domain together, where there are several."""
    comparisons: dict[str, Comparison]
    """Domain -> the comparison of two models; empty for one."""
    margins: dict[str, list[float]]
    """Item -> of each model, log probability per byte (nats) of the true word less that of the distractor."""

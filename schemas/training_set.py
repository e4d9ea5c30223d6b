"""A training set: a row of its documents, its plan, its manifest."""

import msgspec

from wellspring.schemas.document import HeldDocument, PublishedDocument
from wellspring.schemas.manifest import Manifest
from wellspring.schemas.measurements import Measurements

SET = "training_set"
"""`kind` of a set's manifest."""
TAIL = "tail"
"""The stratum of injected rare text; the others bear the name of their label."""


FORGOTTEN_ID = "sha256:"
"""Before the hash that stands for the id of a forgotten document."""


class SetDocument(HeldDocument, frozen=True, kw_only=True):
    """A row of a set's documents: one copy of a document. `batch_id` is that of the set's own batch.

    A sum over the corpus is estimated without bias by the sum over rows of value / expected_copies.
    """

    run: str
    """The run that it comes from; empty for a document of a tail pack."""
    stratum: str
    """Its label, or `tail` where it was injected."""
    copy: int
    """Which of its `copies` this row is, 0 to copies - 1. Unit: none."""
    copies: int
    """Rows of this document in the set. Unit: copies."""
    weight: float
    """What its chance of being drawn is multiplied by. Unit: none."""
    rarity: float | None
    """Mean over its content words of ln(documents / documents that have the word). Unit: nats. Null: none was
    measured."""
    key: float
    """(u + copy) / weight: in the set because it lies below its stratum's threshold. Unit: none."""
    inclusion_probability: float
    """Probability that the document is in the set at all. Unit: 0 to 1."""
    expected_copies: float
    """Copies that such a draw gives on average. Unit: copies."""


class DrawnDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A copy that may be in the set: it is if its key lies below its stratum's threshold."""

    document: PublishedDocument
    measurements: Measurements | None
    """Null for a pack's document, which no run measured."""
    provenance: str
    run: str
    stratum: str
    copy: int
    weight: float
    rarity: float | None
    key: float
    tokens: int


class KeptOut(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `lineage/`: a document of the runs that could not be drawn, and why."""

    run: str
    """The run that the document lies in."""
    id: str
    """Its id; of a forgotten document `sha256:` and the hash of its id."""
    reason: str
    """`anchor`, `duplicate` or `tail_pack`."""
    detail: str
    """The particulars, in words."""


class SourceRun(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    """The run's folder."""
    manifest_sha256: str
    """Of its manifest when the set was drawn."""
    releases: dict[str, str]
    """{file: sha256} of the releases whose documents count as the run's."""


class StratumPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a stratum has, what is wanted of it, and how far its draw goes."""

    name: str
    """A label, or `tail`."""
    documents: int
    """Of the runs."""
    tokens: int
    """Of the runs, each document once."""
    share: float
    """Of the set's tokens, as planned."""
    planned: int
    """Tokens."""
    low: float | None
    """Where the draw is sure to reach."""
    high: float | None
    """Where the draw ends at the latest."""
    room: int
    """The draw ends within keys [low, high), after `room` tokens of them; both null takes all."""
    synthetic: float | None
    """Expected share of synthetic text in it, where the recipe goes by probabilities."""


class StratumDrawn(msgspec.Struct, frozen=True, kw_only=True):
    """What a stratum gave."""

    name: str
    """A label, or `tail`."""
    rows: int
    """Copies counted."""
    documents: int
    """Without copies."""
    tokens: int
    """Copies counted."""
    share: float
    """Of the set's tokens."""
    threshold: float | None
    """Keys below it were drawn, and equal ones of ids below `threshold_id`; null: all."""
    threshold_id: str | None
    """Decides between equal keys."""
    rows_held: int
    """Of those, rows that the set's own gate holds."""
    effective_sample_size: float
    """(sum h)^2 / sum h^2 over documents, h = 1 / expected copies (Kish 1965): so many equally weighted
    documents would estimate the corpus as well."""


class RareTypes(msgspec.Struct, frozen=True, kw_only=True):
    """Content words in one or two documents of the corpus: how many, and how many the set still has."""

    corpus: int
    """In the runs."""
    kept: float
    """Estimated on one in 16 of them."""
    plain: float
    """What drawing without weights, at the same share of each label, keeps on average."""


class Estimated(msgspec.Struct, frozen=True, kw_only=True):
    """A share and its 95% interval, documents as the unit; without bounds for fewer than two."""

    value: float
    low: float | None
    high: float | None


class LowFrequencyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What weights are computed from, beside the recipe and `lineage/words.count-min`."""

    cap: int
    """Copies of a document at most."""
    median_rarity: float | None
    """Of the runs' documents; null without `low_frequency`."""
    perplexity_limits: dict[str, float]
    """By language: text less predictable than that may be junk and counts as not rare."""
    sources: list[object]
    """The entries of sources.yaml whose weights count."""
    tail_until: list[object] | None
    """[minus rarity, id] of the last of the rarest documents that were injected."""


class SetManifest(Manifest, frozen=True, kw_only=True):
    """manifest.json of a set, written last: without it a folder is no set.

    A set is also a run, so that `wellspring review` opens it: what was drawn is what it "read", `labelled`
    counts rows by label, `held` those that its own gate holds, and nothing is rejected.
    """

    kind: str = SET
    """Tells a set's manifest from a run's."""
    recipe: dict[str, object]
    """The recipe as it was read."""
    seed: int
    """The recipe's seed."""
    runs: list[SourceRun]
    """What the set was drawn from."""
    pack_sha256: str | None
    """Of the tail pack; null without one."""
    anchor: dict[str, str] | None
    """What the anchor set is: its path, version and root."""
    tokenizer: str
    """Name of the tokenizer of the token shards."""
    tokenizer_sha256: str
    """Of its content."""
    separator_id: int | None
    """The id after each document in the token shards, null for none; not counted as a token."""
    token_dtype: str
    """Of the token shards."""
    low_frequency: LowFrequencyFacts
    """What weights were computed from."""
    plan: list[StratumPlan]
    """What was wanted of each stratum."""
    lowered_from: int | None
    """Tokens that the recipe asked for, where a stratum was too small for its share."""
    drawn: list[StratumDrawn]
    """What each stratum gave."""
    shares: dict[str, float]
    """Of each label, in tokens, as drawn."""
    distinct_documents: int
    """Documents, each counted once."""
    copies: dict[str, int]
    """{number of copies: documents}."""
    licences: dict[str, int] = {}
    """{licence as the documents state it: documents}, the 100 most frequent; `unknown` for none."""
    effective_sample_size: float
    """The strata's, summed up: what unequal weights within them cost."""
    expected_synthetic: Estimated | None
    """Share of tokens expected to be synthetic; null where nothing is judged."""
    without_probability: int
    """Documents that no profile judged: they count by the mean of their label."""
    kept_out: dict[str, int]
    """{reason: documents of the runs that could not be drawn}."""
    rare_types: RareTypes | None
    """How much of the rare vocabulary the set keeps; null where it was not counted."""
    rarity: dict[str, list[tuple[float, float, int]]]
    """{"corpus" or "set": [(from, to, documents)]} of documents whose rarity is known."""
    tail: list[tuple[str, float, int]]
    """(id, expected copies, copies) of injected documents, the first 1,000 by id."""
    forgotten: int = 0
    """Documents that were taken out since the draw: counts and shares are of what is left, plan, weights,
    keys, thresholds, copies' probabilities and audits those of the draw."""

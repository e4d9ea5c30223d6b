"""recipe.yaml: what a training set is to be made of."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

ShareLabel = Literal["human_verified", "human_unverified", "synthetic_known", "synthetic_suspected"]
TOP_RARITY = "top_rarity"
MOST_COPIES = 4
"""Of one document: up to four epochs cost next to nothing, beyond that text loses its value (Muennighoff
et al. 2023)."""
_ROUNDING = 1e-6


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LowFrequency(_Strict):
    """Weights of rare text: clip(exp(rarity - median rarity)^strength, 1, cap), times the source's own.

    `cap` also bounds how often one document can stand in the set.
    """

    strength: float = Field(ge=0, le=4)
    """How much rarity counts: 0 not at all; at 1 a document whose words are twice as rare is drawn twice as
    often."""
    cap: int = Field(default=MOST_COPIES, ge=1, le=MOST_COPIES)
    """The largest weight, and the most copies of one document."""


class Tail(_Strict):
    """Rare text with a share of its own, inside that of `human_verified`.

    `pack` is a JSONL file of attested text, or `top_rarity`: the rarest verified human text of the runs.
    """

    pack: str = Field(min_length=1)
    """A JSON-lines file of attested text, one `{"text", "attested_by"}` per line, or `top_rarity`."""
    share: float = Field(gt=0, lt=1)
    """Share of the set's tokens."""


class Recipe(_Strict):
    """A training set: how much of which label, from which runs.

    `tokens` and `shares` are in tokens of the runs' own tokenizer, or of `tokenizer` where it is named.
    With `by: probabilities` the two synthetic shares together are the share of text that is expected to
    be synthetic, whatever its label.
    """

    seed: int = 0
    """Another seed draws another set."""
    runs: list[str] = []
    """Folders of finished runs, all scored by one scorer; `--run` replaces them."""
    tokens: int = Field(ge=1)
    """Size of the set."""
    by: Literal["labels", "probabilities"] = "labels"
    """What the shares are shares of: labels, or expected text of each origin."""
    when_short: Literal["stop", "lower"] = "stop"
    """When a label has too little text: `stop`, or `lower` the total so that the shares hold."""
    shares: dict[ShareLabel, float]
    """Share of tokens for each label; together 1. A label that is left out gets none."""
    low_frequency: LowFrequency | None = None
    """Draws rare text more often; null draws all documents of a label alike."""
    sources: str | None = None
    """A sources.yaml whose weights count under `low_frequency`."""
    tail: Tail | None = None
    """Rare text with a share of its own."""
    anchor: str | None = None
    """A verified anchor set: its documents and what is close to them are kept out."""
    format: Literal["parquet", "jsonl"] = "parquet"
    """Of the set's documents. Token shards are written beside them either way."""
    tokenizer: str | None = None
    """Counts the set's tokens and fills its token shards; null takes the runs' own."""
    gate: Literal["monitor", "enforce"] = "monitor"
    """`enforce` moves the set's own doubtful batches to its `hold/`."""
    profile: str | None = None
    """By which the set's own batches are audited; the runs' own without it."""
    batch_documents: int = Field(default=256, ge=2)
    """Documents in each of the set's own batches."""

    @model_validator(mode="after")
    def _fits_together(self) -> "Recipe":
        for label, share in self.shares.items():
            if not 0 <= share <= 1:
                raise ValueError(f"shares: {label} is {share:g}; a share lies in 0..1")
        total = sum(self.shares.values())
        if abs(total - 1) > _ROUNDING:
            raise ValueError(f"shares: they sum to {total:.6g}, not to 1")
        verified = self.shares.get("human_verified", 0.0)
        if self.tail and self.tail.share > verified + _ROUNDING:
            raise ValueError(
                f"tail: its share of {self.tail.share:g} lies inside that of human_verified, "
                f"which is {verified:g}"
            )
        if self.sources and self.low_frequency is None:
            raise ValueError("sources: their weights count under low_frequency, which is not given")
        return self

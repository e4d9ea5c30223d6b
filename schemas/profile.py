"""A profile: thresholds and floors, with the scorer they belong to and where they came from."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas import SCHEMA_VERSION
from schemas.classifier import Classifier

Direction = Literal["below", "above"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VoteRule(_Strict):
    """One signal's vote for SYNTHETIC: it votes when the value lies on `direction` of `threshold`."""

    name: str
    signal: str
    direction: Direction
    threshold: float
    reason: str
    """The vote in words, shown to people: "sentence lengths vary little"."""


class Votes(_Strict):
    """SYNTHETIC at `needed` votes; an undefined signal doesn't vote.

    `probability[v]` is what is said of a document with v votes. `probability_basis` says where
    it comes from: a vote share is not a calibrated probability.
    """

    rules: list[VoteRule] = Field(min_length=1)
    needed: int = Field(ge=1)
    min_tokens: int = Field(ge=0)
    """Below this many tokens the verdict is ABSTAIN."""
    probability: list[float]
    probability_basis: str

    @model_validator(mode="after")
    def _one_probability_a_vote_count(self) -> "Votes":
        if len(self.probability) != len(self.rules) + 1:
            raise ValueError(
                f"probability needs {len(self.rules) + 1} entries, one for 0..{len(self.rules)} votes"
            )
        return self


class Limit(_Strict):
    """A floor or ceiling for the batches of one stratum."""

    limit: float
    batches: int
    """How many human batches it was set on."""
    mean: float
    spread: float
    """Mean and standard deviation of the signal over those batches."""


class Gate(_Strict):
    """What a batch is held for: `signal` on the `direction` side of its stratum's limit.

    `strata` are keyed by the stratum as JSON (keys in the order of `--batch_by`), `languages` is
    the fallback. A language that stands in neither is never gated. The key "*" in `languages`
    means any.
    """

    signal: str
    direction: Direction
    strata: dict[str, Limit] = {}
    languages: dict[str, Limit] = {}
    unigram_floor: float = 3.2
    """The floor of the seed's unigram audit, in bits: recorded with every audit."""


class Profile(_Strict):
    """Thresholds, floors and their origin. Calibrated for one scorer; comparable by fingerprint.

    Verdicts come from `classifier` or from `votes`: exactly one of them is there.
    """

    schema_version: int = SCHEMA_VERSION
    name: str
    description: str
    can_enforce: bool
    scorer: str | None
    """Fingerprint id of the scorer it was calibrated for; null fits any."""
    scorer_name: str | None = None
    """What `--scorer` says for that scorer, and its default under this profile."""
    languages: list[str] | None
    """Languages it may judge; null means it doesn't ask."""
    batch_documents: int | None
    """The batch size its limits were set for."""
    votes: Votes | None = None
    classifier: Classifier | None = None
    gate: Gate
    calibrated_on: str
    measured: dict[str, float] = {}
    """Its error where it was measured, by name."""

    @model_validator(mode="after")
    def _votes_or_classifier(self) -> "Profile":
        if (self.votes is None) == (self.classifier is None):
            raise ValueError("give votes or classifier, one of them")
        return self

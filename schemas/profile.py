"""A profile: thresholds and floors, with the scorer they belong to and where they came from."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from wellspring.schemas import SCHEMA_VERSION
from wellspring.schemas.classifier import Classifier

Direction = Literal["below", "above"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VoteRule(_Strict):
    """One signal's vote for SYNTHETIC: it votes when the value lies on `direction` of `threshold`."""

    name: str
    """The rule's name."""
    signal: str
    """The measurement that it looks at."""
    direction: Direction
    """The side of the threshold on which it votes."""
    threshold: float
    """In the signal's unit."""
    reason: str
    """The vote in words, shown to people: "sentence lengths vary little"."""


class Votes(_Strict):
    """SYNTHETIC at `needed` votes; an undefined signal doesn't vote.

    `probability[v]` is what is said of a document with v votes. `probability_basis` says where
    it comes from: a vote share is not a calibrated probability.
    """

    rules: list[VoteRule] = Field(min_length=1)
    """The rules, one vote each."""
    needed: int = Field(ge=1)
    """Votes for SYNTHETIC."""
    min_tokens: int = Field(ge=0)
    """Below this many tokens the verdict is ABSTAIN."""
    probability: list[float]
    """By number of votes, from none to all."""
    probability_basis: str
    """Where these probabilities come from."""

    @model_validator(mode="after")
    def _one_probability_per_vote_count(self) -> "Votes":
        if len(self.probability) != len(self.rules) + 1:
            raise ValueError(
                f"probability needs {len(self.rules) + 1} entries, one for 0..{len(self.rules)} votes"
            )
        return self


class Limit(_Strict):
    """A floor or ceiling for the batches of one stratum."""

    limit: float
    """In the signal's unit."""
    batches: int
    """How many human batches it was set on."""
    mean: float
    """Mean of the signal over those batches."""
    spread: float
    """Their standard deviation."""


class GateTest(_Strict):
    """One of the gate's tests: the batch's `signal` on the `direction` side of its stratum's limit.

    `strata` are keyed by the stratum as JSON (keys in the order of `--batch_by`), `languages` is
    the fallback for strata that have no limit of their own in any test. The key "*" in `languages`
    means any. A test may know one kind of limit alone: not every signal serves both.
    """

    signal: str
    """The batch signal that is compared."""
    direction: Direction
    """The side of the limit on which a batch is held."""
    strata: dict[str, Limit] = {}
    """Limits of single strata, by the stratum as JSON."""
    languages: dict[str, Limit] = {}
    """Limits for strata that have none of their own in any test, by language; `*` is any language."""
    own_baseline: bool = True
    """Whether a baseline of a source's own gives this test a limit."""


class Gate(GateTest):
    """What a batch is held for: one of the tests is enough. Drift is watched by the first.

    A stratum for which no test has a limit is never gated. The limits of tests that stand together share
    what they may hold of human batches.
    """

    also: list[GateTest] = []
    """The tests beside the first."""
    unigram_floor: float = 3.2
    """The floor of the seed's unigram audit, in bits: recorded with every audit."""

    @property
    def tests(self) -> list[GateTest]:
        """All of them, the first first."""
        return [self, *self.also]


class Profile(_Strict):
    """Thresholds, floors and their origin. Calibrated for one scorer; comparable by fingerprint.

    Verdicts come from `classifier` or from `votes`: exactly one of them is there.
    """

    schema_version: int = SCHEMA_VERSION
    """Version of this file's shape."""
    name: str
    """What runs and reports call it."""
    description: str
    """What it is for, in a sentence."""
    can_enforce: bool
    """Whether `--gate=enforce` may use it."""
    scorer: str | None
    """Fingerprint id of the scorer it was calibrated for; null fits any."""
    scorer_name: str | None = None
    """What `--scorer` says for that scorer, and its default under this profile."""
    languages: list[str] | None
    """Languages it may judge; null means it doesn't ask."""
    batch_documents: int | None
    """The batch size its limits were set for."""
    votes: Votes | None = None
    """Verdicts by votes of rules."""
    classifier: Classifier | None = None
    """Verdicts by a calibrated classifier."""
    gate: Gate
    """What a batch is held for."""
    calibrated_on: str
    """What text it was calibrated on."""
    measured: dict[str, float] = {}
    """Its error where it was measured, by name."""

    @model_validator(mode="after")
    def _votes_or_classifier(self) -> "Profile":
        if (self.votes is None) == (self.classifier is None):
            raise ValueError("give votes or classifier, one of them")
        return self

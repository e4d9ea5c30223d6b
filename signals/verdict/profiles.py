"""The built-in profiles, `seed` and `reference-en`, and what a profile.json must hold."""

import functools
from pathlib import Path

from pydantic import TypeAdapter

from wellspring.schemas.profile import Gate, Limit, Profile, VoteRule, Votes
from wellspring.signals.lm.model_folder import REFERENCE_EN
from wellspring.signals.written_files import parse_json

_FORM = TypeAdapter(Profile)

SEED = Profile(
    name="seed",
    description="The CLEAN text's printed thresholds. Not calibrated: it can monitor and never enforces.",
    can_enforce=False,
    scorer=None,
    languages=None,
    batch_documents=None,
    votes=Votes(
        rules=[
            VoteRule(
                name="low_perplexity",
                signal="perplexity",
                direction="below",
                threshold=30,
                reason="the text is easy to predict",
            ),
            VoteRule(
                name="low_burstiness",
                signal="burstiness",
                direction="below",
                threshold=0.4,
                reason="sentence lengths vary little",
            ),
            VoteRule(
                name="low_vocab_richness",
                signal="type_token_ratio",
                direction="below",
                threshold=0.52,
                reason="few distinct words for its length",
            ),
        ],
        needed=2,
        min_tokens=0,
        probability=[0.0, 1 / 3, 2 / 3, 1.0],
        probability_basis="share of votes; not calibrated",
    ),
    gate=Gate(
        signal="entropy_bits",
        direction="below",
        languages={"*": Limit(limit=3.2, batches=0, mean=0.0, spread=0.0)},
    ),
    calibrated_on="nothing: printed numbers",
)


REFERENCE_PROFILE = Path(__file__).parents[1] / "reference_en" / "profile.json"
"""Calibrated for the embedded pair of scorers, by `wellspring calibrate`."""


@functools.cache
def built_in(name: str) -> str | None:
    """The JSON of a profile that ships: `seed` or `reference-en`; None for another name."""
    if name == SEED.name:
        return SEED.model_dump_json()
    return REFERENCE_PROFILE.read_text(encoding="utf-8") if name == REFERENCE_EN else None


def is_built_in(profile: Profile) -> bool:
    """Whether a profile is, in every field, one that ships: then its name stands for it on any worker
    of this version, and a graph need not carry its half a megabyte of coefficients.
    """
    content = built_in(profile.name)
    return content is not None and parse_profile(content, profile.name) == profile


def parse_profile(content: str, name: str) -> Profile:
    """The profile in the text of a profile.json; `name` is for messages.

    Raises:
        ValueError: it is no valid profile; the message says which field and why.
    """
    return parse_json(content, f"profile {name}", _FORM)

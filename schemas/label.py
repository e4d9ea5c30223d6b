"""The words of a verdict: provenance labels, verdicts, confidences."""

import msgspec

HUMAN_VERIFIED = "human_verified"
HUMAN_UNVERIFIED = "human_unverified"
SYNTHETIC_KNOWN = "synthetic_known"
SYNTHETIC_SUSPECTED = "synthetic_suspected"
PROVENANCE_LABELS = (HUMAN_VERIFIED, HUMAN_UNVERIFIED, SYNTHETIC_KNOWN, SYNTHETIC_SUSPECTED)

SYNTHETIC = "SYNTHETIC"
LIKELY_HUMAN = "LIKELY_HUMAN"
ABSTAIN = "ABSTAIN"

LOW, MEDIUM, HIGH = "LOW", "MEDIUM", "HIGH"

FEWEST_OF_A_LABEL = 60
"""Documents of each label that a calibration takes at least."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the measurements alone say of one document, under one profile."""

    verdict: str
    confidence: str
    probability: float | None
    reasons: list[str]


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """The provenance label of one document: evidence about its origin, then the verdict.

    `conflict` is set where an attested source's text looks synthetic with high confidence.
    """

    provenance: str
    verdict: str
    confidence: str
    probability: float | None
    reasons: list[str]
    conflict: bool = False

"""Provenance labels: evidence about a document's origin first, then what was measured."""

from collections.abc import Callable
from typing import Any

from schemas.label import (
    HIGH,
    HUMAN_UNVERIFIED,
    HUMAN_VERIFIED,
    SYNTHETIC,
    SYNTHETIC_KNOWN,
    SYNTHETIC_SUSPECTED,
    Label,
    Verdict,
)
from schemas.measurements import LanguageModelSignals, Measurements
from schemas.profile import Profile
from schemas.sources import ATTESTED_HUMAN, KNOWN_MODEL, SourceEntry
from signals.burstiness import burstiness
from signals.model_folder import REFERENCE_EN
from signals.profiles import SEED
from signals.scorer import Scorer
from signals.tokenization import load_tokenizer
from signals.vocabulary import type_token_ratio
from signals.votes import beyond, confidence, possible_votes, verdict_is_open, votes_of
from signals.words import words_and_sentences


def label(verdict: Verdict, source: SourceEntry | None) -> Label:
    """One of the four labels.

    A known model is synthetic_known whatever was measured. An attested human source is
    human_verified, unless its text looks synthetic with HIGH confidence: then it is
    human_unverified and a conflict, never silently trusted. Without evidence the verdict decides.
    """
    evidence = source.evidence if source else None
    reasons = list(verdict.reasons)
    conflict = False
    if source and evidence == KNOWN_MODEL:
        provenance = SYNTHETIC_KNOWN
        reasons.insert(0, f"source declared as written by {source.model}")
    elif source and evidence == ATTESTED_HUMAN:
        conflict = verdict.verdict == SYNTHETIC and verdict.confidence == HIGH
        provenance = HUMAN_UNVERIFIED if conflict else HUMAN_VERIFIED
        reasons.insert(0, f"source attested as human by {source.attested_by}")
        if conflict:
            reasons.insert(0, "conflict: attested as human, yet measured as synthetic with high confidence")
    else:
        provenance = SYNTHETIC_SUSPECTED if verdict.verdict == SYNTHETIC else HUMAN_UNVERIFIED
    return Label(
        provenance=provenance,
        verdict=verdict.verdict,
        confidence=verdict.confidence,
        probability=verdict.probability,
        reasons=reasons,
        conflict=conflict,
    )


def label_is_open(measurements: Measurements, source: SourceEntry | None, profile: Profile) -> bool:
    """Whether the LM signals, not known yet, can change the verdict, or the label by a veto."""
    if verdict_is_open(measurements, profile):
        return True
    if source is None or source.evidence != ATTESTED_HUMAN:
        return False
    possible = possible_votes(measurements, profile)
    return confidence(possible.start) != HIGH and confidence(possible.stop - 1) == HIGH


class ProvenanceClassifier:
    """The seed's document classifier: three signals, SYNTHETIC at two votes.

    The thresholds are the seed's printed ones and carry no promise; `wellspring score` with a
    calibrated profile does better. An undefined signal (one sentence has no burstiness) is null
    and doesn't vote.
    """

    def __init__(self, perplexity: Callable[[str], float | None] | None = None) -> None:
        """
        Args:
            perplexity: perplexity of a text under a reference LM of human text; the embedded
                model's where not given, loaded at the first call.
        """
        self._given_perplexity = perplexity

    def classify(self, doc: str) -> dict[str, Any]:
        """Perplexity, burstiness and type-token ratio of a text, the votes and the verdict.

        Returns:
            perplexity (1 decimal), burstiness, type_token_ratio (3 decimals), signals (which of
            low_perplexity, low_burstiness, low_vocab_richness fired), verdict ("SYNTHETIC" or
            "LIKELY_HUMAN"), confidence ("LOW", "LOW", "MEDIUM", "HIGH" by votes).
        """
        split = words_and_sentences(doc)
        values = {
            "perplexity": self._perplexity(doc),
            "burstiness": burstiness(split.sentence_lengths),
            "type_token_ratio": type_token_ratio(split.words),
        }
        signals = {}
        for rule in votes_of(SEED).rules:
            value = values[rule.signal]
            signals[rule.name] = value is not None and beyond(value, rule.threshold, rule.direction)
        votes = sum(signals.values())
        decimals = {"perplexity": 1, "burstiness": 3, "type_token_ratio": 3}
        return {
            **{name: None if v is None else round(v, decimals[name]) for name, v in values.items()},
            "signals": signals,
            "verdict": "SYNTHETIC" if votes >= votes_of(SEED).needed else "LIKELY_HUMAN",
            "confidence": ("LOW", "LOW", "MEDIUM", "HIGH")[votes],
        }

    def _perplexity(self, doc: str) -> float | None:
        if self._given_perplexity is None:
            self._given_perplexity = _reference_perplexity()
        return self._given_perplexity(doc)


def _reference_perplexity() -> Callable[[str], float | None]:
    """Perplexity under the embedded model; None for a text that it can't score."""
    scorer, tokenizer = Scorer.load(REFERENCE_EN), load_tokenizer(REFERENCE_EN)

    def perplexity(doc: str) -> float | None:
        (result,) = scorer.score(tokenizer.encode_batch([doc]), [len(doc.encode())])
        return result.perplexity if isinstance(result, LanguageModelSignals) else None

    return perplexity

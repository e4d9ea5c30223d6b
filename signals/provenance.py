"""Provenance labels: evidence about a document's origin first, then what was measured."""

from collections.abc import Callable
from typing import Any

from wellspring.schemas.label import (
    HIGH,
    HUMAN_UNVERIFIED,
    HUMAN_VERIFIED,
    SYNTHETIC,
    SYNTHETIC_KNOWN,
    SYNTHETIC_SUSPECTED,
    Label,
    Verdict,
)
from wellspring.schemas.measurements import LanguageModelSignals, Measurements
from wellspring.schemas.profile import Profile
from wellspring.schemas.sources import ATTESTED_HUMAN, KNOWN_MODEL, Evidence, SourceEntry
from wellspring.signals.lm.model_folder import REFERENCE_EN
from wellspring.signals.lm.scorer import Scorer
from wellspring.signals.lm.tokenization import load_tokenizer, valid_unicode
from wellspring.signals.text.burstiness import burstiness
from wellspring.signals.text.invisible_runs import without_invisible_runs
from wellspring.signals.text.vocabulary import type_token_ratio
from wellspring.signals.text.words import words_and_sentences
from wellspring.signals.verdict.profiles import SEED
from wellspring.signals.verdict.votes import beyond, confidence, possible_votes, verdict_is_open, votes_of

LARGEST_RATIO = 300.0


def label(verdict: Verdict, evidence: Evidence) -> Label:
    """One of the four labels, from the evidence and the verdict.

    A known model or a declared generator is synthetic_known whatever was measured, and so is a chat
    model's phrase in the text's own voice. An attested human source is human_verified, unless something
    speaks against it: a verdict of SYNTHETIC at HIGH confidence, a declared generator, such a phrase. Then
    it is human_unverified and a conflict, never silently trusted. Without evidence the verdict decides;
    but where an archive's date makes synthetic text so rare that even this verdict leaves it improbable,
    the label is human_unverified and a reason says so.
    """
    source = evidence.source
    hard = _hard_evidence(evidence)
    if source and source.evidence == KNOWN_MODEL:
        return _label(SYNTHETIC_KNOWN, verdict, [f"source declared as written by {source.model}", *hard])
    if source and source.evidence == ATTESTED_HUMAN:
        attested = f"source attested as human by {source.attested_by}"
        if hard:
            reasons = [f"conflict: attested as human, yet {hard[0]}", attested]
            return _label(HUMAN_UNVERIFIED, verdict, reasons, conflict=True)
        if verdict.verdict == SYNTHETIC and verdict.confidence == HIGH:
            reasons = [
                "conflict: attested as human, yet measured as synthetic with high confidence",
                attested,
            ]
            return _label(HUMAN_UNVERIFIED, verdict, reasons, conflict=True)
        return _label(HUMAN_VERIFIED, verdict, [attested])
    if hard:
        return _label(SYNTHETIC_KNOWN, verdict, hard)
    if evidence.leaked_phrase:
        hint = f"says “{evidence.leaked_phrase}”, as chat models do of themselves"
        return _label(SYNTHETIC_SUSPECTED, verdict, [hint])
    if verdict.verdict != SYNTHETIC:
        return _label(HUMAN_UNVERIFIED, verdict, [])
    posterior = posterior_probability(verdict.probability, evidence.prior)
    if posterior is not None and posterior < 0.5:
        reason = (
            f"archived in {evidence.archived}, when at most {evidence.prior:.2%} of text was a model's: "
            "a template, a translation or an error is likelier"
        )
        return _label(HUMAN_UNVERIFIED, verdict, [reason])
    return _label(SYNTHETIC_SUSPECTED, verdict, [])


def posterior_probability(probability: float | None, prior: float) -> float | None:
    """The probability of synthetic origin where `prior` is expected, from one at even prevalence.

    The likelihood ratio is capped at 300 either way: what a thousand human texts without one error
    allow to be said (memo of the CLEAN pipeline, 3e: L = ln(TPR / FPR's upper bound)).
    """
    if probability is None:
        return None
    ratio = probability / (1 - probability) if probability < 1 else LARGEST_RATIO
    odds = min(max(ratio, 1 / LARGEST_RATIO), LARGEST_RATIO) * prior / (1 - prior)
    return odds / (1 + odds)


def _hard_evidence(evidence: Evidence) -> list[str]:
    reasons = []
    if evidence.declared_generator:
        reasons.append(f"declared as {evidence.declared_generator}")
    if evidence.leaked_phrase and evidence.leak_is_certain:
        reasons.append(f"says “{evidence.leaked_phrase}” in its own voice")
    return reasons


def _label(provenance: str, verdict: Verdict, reasons: list[str], *, conflict: bool = False) -> Label:
    return Label(
        provenance=provenance,
        verdict=verdict.verdict,
        confidence=verdict.confidence,
        probability=verdict.probability,
        reasons=reasons + verdict.reasons,
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
    """The CLEAN text's document classifier: three signals, SYNTHETIC at two votes.

    The thresholds are the printed ones and carry no promise; `wellspring score` with a
    calibrated profile does better. An undefined signal (one sentence has no burstiness) is null
    and doesn't vote.
    """

    def __init__(self, perplexity: Callable[[str], float | None] | None = None) -> None:
        """Args:
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
        doc = without_invisible_runs(valid_unicode(doc).encode())[0].decode()
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

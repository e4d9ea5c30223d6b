import pytest

from schemas.label import Verdict
from schemas.sources import Match, SourceEntry
from signals.provenance import ProvenanceClassifier, label

HUMAN = Verdict(verdict="LIKELY_HUMAN", confidence="LOW", probability=0.0, reasons=[])
SURE = Verdict(verdict="SYNTHETIC", confidence="HIGH", probability=1.0, reasons=["it repeats"])
LIKELY = Verdict(verdict="SYNTHETIC", confidence="MEDIUM", probability=0.7, reasons=["it repeats"])
ATTESTED = SourceEntry(match=Match(source="a"), evidence="attested_human", attested_by="library, 2019")
KNOWN = SourceEntry(match=Match(source="a"), evidence="known_model", model="mixtral-8x7b")
WEIGHT_ONLY = SourceEntry(match=Match(source="a"), weight=2.0)


@pytest.mark.parametrize(
    ("verdict", "source", "provenance", "conflict"),
    [
        (HUMAN, None, "human_unverified", False),
        (SURE, None, "synthetic_suspected", False),
        (LIKELY, WEIGHT_ONLY, "synthetic_suspected", False),
        (HUMAN, KNOWN, "synthetic_known", False),
        (SURE, KNOWN, "synthetic_known", False),
        (HUMAN, ATTESTED, "human_verified", False),
        (LIKELY, ATTESTED, "human_verified", False),
        (SURE, ATTESTED, "human_unverified", True),
    ],
)
def test_evidence_comes_first_and_only_high_confidence_vetoes_it(verdict, source, provenance, conflict):
    labelled = label(verdict, source)
    assert (labelled.provenance, labelled.conflict) == (provenance, conflict)
    assert (labelled.verdict, labelled.confidence) == (verdict.verdict, verdict.confidence)


def test_reasons_name_the_evidence():
    assert label(HUMAN, KNOWN).reasons == ["source declared as written by mixtral-8x7b"]
    assert label(SURE, ATTESTED).reasons == [
        "conflict: attested as human, yet measured as synthetic with high confidence",
        "source attested as human by library, 2019",
        "it repeats",
    ]


FLAT = "The cat sat on the mat. The dog sat on the mat. The cow sat on the mat. The hen sat on the mat."


@pytest.mark.parametrize(
    ("perplexity", "verdict", "confidence"),
    [(12.34, "SYNTHETIC", "HIGH"), (99.0, "SYNTHETIC", "MEDIUM")],
)
def test_the_seeds_classifier_has_the_seeds_keys_and_values(perplexity, verdict, confidence):
    result = ProvenanceClassifier(perplexity=lambda text: perplexity).classify(FLAT)
    assert result == {
        "perplexity": round(perplexity, 1),
        "burstiness": 0.0,
        "type_token_ratio": 0.333,
        "signals": {
            "low_perplexity": perplexity < 30,
            "low_burstiness": True,
            "low_vocab_richness": True,
        },
        "verdict": verdict,
        "confidence": confidence,
    }


def test_an_undefined_signal_is_null_and_does_not_vote():
    result = ProvenanceClassifier(perplexity=lambda text: None).classify("One sentence only.")
    assert (result["perplexity"], result["burstiness"]) == (None, None)
    assert (result["verdict"], result["confidence"]) == ("LIKELY_HUMAN", "LOW")

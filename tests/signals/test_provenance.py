import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.documents import measurements
from wellspring.schemas.label import Verdict
from wellspring.schemas.profile import Profile, VoteRule
from wellspring.schemas.sources import Evidence, Match, SourceEntry
from wellspring.signals.provenance import ProvenanceClassifier, label, label_is_open, posterior_probability
from wellspring.signals.verdict.profiles import SEED
from wellspring.signals.verdict.votes import judge_by_votes

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
    labelled = label(verdict, Evidence(source=source))
    assert (labelled.provenance, labelled.conflict) == (provenance, conflict)
    assert (labelled.verdict, labelled.confidence) == (verdict.verdict, verdict.confidence)


def test_reasons_name_the_evidence():
    assert label(HUMAN, Evidence(source=KNOWN)).reasons == ["source declared as written by mixtral-8x7b"]
    assert label(SURE, Evidence(source=ATTESTED)).reasons == [
        "conflict: attested as human, yet measured as synthetic with high confidence",
        "source attested as human by library, 2019",
        "it repeats",
    ]


def voting_profile(signals: list[str], needed: int, min_tokens: int) -> Profile:
    rules = [VoteRule(name=s, signal=s, direction="below", threshold=0.5, reason=s) for s in signals]
    votes = SEED.votes.model_copy(
        update={
            "rules": rules,
            "needed": needed,
            "min_tokens": min_tokens,
            "probability": [0.5] * (len(rules) + 1),
        }
    )
    return SEED.model_copy(update={"votes": votes, "languages": ["en"]})


VALUE = st.sampled_from([None, 0.1, 0.9])


@given(
    signals=st.lists(
        st.sampled_from(["perplexity", "log_rank", "curvature", "burstiness", "mattr", "type_token_ratio"]),
        min_size=1,
        max_size=4,
        unique=True,
    ),
    needed=st.integers(1, 3),
    values=st.fixed_dictionaries(dict.fromkeys(("burstiness", "mattr", "type_token_ratio"), VALUE)),
    scores=st.fixed_dictionaries(dict.fromkeys(("perplexity", "log_rank", "curvature"), VALUE)),
    language=st.sampled_from(["en", "de"]),
    tokens=st.sampled_from([10, 200]),
    source=st.sampled_from([None, ATTESTED, KNOWN]),
)
def test_where_the_label_is_not_open_no_score_can_change_it(
    signals, needed, values, scores, language, tokens, source
):
    profile = voting_profile(signals, needed, min_tokens=50)
    unscored = dict.fromkeys(scores)
    before = measurements(**values, **unscored, language=language, tokens=tokens)
    after = msgspec.structs.replace(before, **scores)
    if not label_is_open(before, source, profile):
        one, other = (label(judge_by_votes(m, profile), Evidence(source=source)) for m in (before, after))
        assert (one.provenance, one.verdict, one.conflict) == (
            other.provenance,
            other.verdict,
            other.conflict,
        )


@pytest.mark.parametrize(
    ("burstiness", "ttr", "source", "is_open"),
    [
        (0.5, 0.6, None, False),  # no vote yet: one more is not enough
        (0.3, 0.6, None, True),  # one vote: the model's decides
        (0.3, 0.5, None, False),  # two already
        (0.3, 0.5, ATTESTED, True),  # a third would veto the attestation
        (None, None, None, True),  # nothing to judge by but the model
    ],
)
def test_the_seed_needs_the_model_only_where_its_vote_decides(burstiness, ttr, source, is_open):
    m = measurements(burstiness=burstiness, type_token_ratio=ttr, perplexity=None)
    assert label_is_open(m, source, SEED) is is_open


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


DECLARED = Evidence(declared_generator="trainedAlgorithmicMedia")
LEAKED = Evidence(leaked_phrase="as an ai language model", leak_is_certain=True)
HINTED = Evidence(leaked_phrase="as an ai language model")
OLD = Evidence(archived="2016-05", prior=0.0001)


@pytest.mark.parametrize(
    ("verdict", "evidence", "provenance", "conflict"),
    [
        (HUMAN, DECLARED, "synthetic_known", False),
        (HUMAN, LEAKED, "synthetic_known", False),
        (HUMAN, HINTED, "synthetic_suspected", False),
        (LIKELY, OLD, "human_unverified", False),
        (HUMAN, OLD, "human_unverified", False),
        (LIKELY, Evidence(archived="2022-01", prior=0.01), "human_unverified", False),
        (SURE, Evidence(archived="2022-01", prior=0.01), "synthetic_suspected", False),
        (HUMAN, msgspec.structs.replace(DECLARED, source=ATTESTED), "human_unverified", True),
        (HUMAN, msgspec.structs.replace(LEAKED, source=ATTESTED), "human_unverified", True),
        (HUMAN, msgspec.structs.replace(HINTED, source=ATTESTED), "human_verified", False),
        (HUMAN, msgspec.structs.replace(DECLARED, source=KNOWN), "synthetic_known", False),
    ],
)
def test_hard_evidence_decides_and_contradicts_an_attestation(verdict, evidence, provenance, conflict):
    labelled = label(verdict, evidence)
    assert (labelled.provenance, labelled.conflict) == (provenance, conflict)
    assert labelled.probability == verdict.probability  # what was measured stays as it was


def test_the_posterior_is_bayes_rule_with_a_capped_ratio():
    assert posterior_probability(0.9, 0.5) == pytest.approx(0.9)
    assert posterior_probability(0.9, 0.01) == pytest.approx(9 / (9 + 99))
    assert posterior_probability(1.0, 0.01) == pytest.approx(300 / (300 + 99))
    assert posterior_probability(1 - 1e-12, 0.01) == pytest.approx(300 / (300 + 99))
    assert posterior_probability(None, 0.01) is None

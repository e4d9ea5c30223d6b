import pytest

from tests.documents import measurements
from wellspring.schemas.profile import Profile
from wellspring.signals.verdict.profiles import SEED
from wellspring.signals.verdict.votes import judge_by_votes


@pytest.mark.parametrize(
    ("perplexity", "burstiness", "ttr", "verdict", "confidence", "probability"),
    [
        (90, 0.5, 0.6, "LIKELY_HUMAN", "LOW", 0),
        (29.9, 0.5, 0.6, "LIKELY_HUMAN", "LOW", 1 / 3),
        (29.9, 0.39, 0.6, "SYNTHETIC", "MEDIUM", 2 / 3),
        (29.9, 0.39, 0.51, "SYNTHETIC", "HIGH", 1),
        (30, 0.4, 0.52, "LIKELY_HUMAN", "LOW", 0),
    ],
)
def test_the_seed_votes_at_its_printed_thresholds(
    perplexity, burstiness, ttr, verdict, confidence, probability
):
    m = measurements(perplexity=perplexity, burstiness=burstiness, type_token_ratio=ttr)
    judged = judge_by_votes(m, SEED)
    assert (judged.verdict, judged.confidence) == (verdict, confidence)
    assert judged.probability == pytest.approx(probability)


def test_reasons_say_which_signals_voted_and_by_how_much():
    judged = judge_by_votes(measurements(perplexity=12.5, burstiness=0.31), SEED)
    assert judged.reasons == [
        "the text is easy to predict: perplexity 12.5 is below 30",
        "sentence lengths vary little: burstiness 0.31 is below 0.4",
    ]


def test_an_undefined_signal_does_not_vote():
    judged = judge_by_votes(measurements(perplexity=None, burstiness=None, type_token_ratio=0.4), SEED)
    assert (judged.verdict, judged.confidence) == ("LIKELY_HUMAN", "LOW")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"language": "de"}, "the profile strict can't judge language de"),
        ({"language": None}, "the profile strict can't judge language unknown"),
        ({"tokens": 49}, "49 tokens are too few to judge; 50 are needed"),
        (
            {"perplexity": None, "burstiness": None, "type_token_ratio": None},
            "none of the signals is defined for this text",
        ),
    ],
)
def test_it_abstains_where_it_cannot_judge(values, reason):
    strict = Profile.model_validate(
        SEED.model_dump()
        | {"name": "strict", "languages": ["en"], "votes": SEED.votes.model_dump() | {"min_tokens": 50}}
    )
    judged = judge_by_votes(measurements(**values), strict)
    assert (judged.verdict, judged.probability, judged.reasons) == ("ABSTAIN", None, [reason])

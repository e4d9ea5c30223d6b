import os
import subprocess
import sys

import numpy as np
import pytest

from tests.documents import measurements
from wellspring.schemas.classifier import Classifier, Combination, Range, SignalTerm, TextModel, Threshold
from wellspring.schemas.profile import Gate, Profile
from wellspring.signals.verdict.classifier import ClassifierJudge, decode_weights, encode_weights
from wellspring.signals.verdict.text_features import BUCKETS, buckets_of, features

HUMAN = "we had muddy boots and a broken truck so grandpa yelled at the dog"
MACHINE = "we delve into the rich tapestry of this vibrant and multifaceted realm"


def threshold(probability: float, low: int = 0, high: int | None = None) -> Threshold:
    return Threshold(
        min_words=low,
        max_words=high,
        probability=probability,
        max_fpr=0.01,
        bound=0.009,
        confidence=0.95,
        human=1000,
        stratum="all lengths",
    )


def profile(terms: list[SignalTerm] | None = None, **values: object) -> Profile:
    """Weighs a text by how much of MACHINE, less how much of HUMAN is in it."""
    weights = np.zeros(BUCKETS)
    for text, sign in ((MACHINE, 4.0), (HUMAN, -4.0)):
        row = features(buckets_of(text))
        np.add.at(weights, row.buckets, sign * row.values)
    limits = {"thresholds": [threshold(0.9)], "high": [threshold(0.99)]}
    classifier = {
        "text": TextModel(weights=encode_weights(weights), intercept=0.25),
        "text_only": Combination(intercept=-0.5, text_weight=0.75, **limits),
        "with_signals": Combination(intercept=0.1, text_weight=0.5, terms=terms, **limits) if terms else None,
        "min_words": 10,
        "prose": [],
        "operating": None,
        "left_out": None,
    }
    return Profile(
        name="made",
        description="",
        can_enforce=False,
        scorer="abc",
        languages=["en"],
        batch_documents=None,
        classifier=Classifier(**(classifier | values)),
        gate=Gate(signal="entropy_bits", direction="below"),
        calibrated_on="nothing",
    )


TERM = SignalTerm(
    signal="curvature", weight=2.0, center=1.0, scale=0.5, reason_high="it bends", reason_low="it is straight"
)


def text_score(made: Profile, text: str) -> float:
    row = features(buckets_of(text))
    weights = decode_weights(made.classifier.text.weights)
    return sum(float(weights[b]) * v for b, v in zip(row.buckets, row.values, strict=True)) + 0.25


def test_the_probability_is_the_sum_of_its_parts():
    made = profile([TERM])
    judged = ClassifierJudge(made)(MACHINE, measurements(curvature=1.75, scorer="abc", words=12))
    log_odds = 0.1 + 0.5 * text_score(made, MACHINE) + 2.0 * (1.75 - 1.0) / 0.5
    assert judged.probability == pytest.approx(1 / (1 + np.exp(-log_odds)))


def test_a_wild_measurement_counts_no_more_than_four_scales():
    judge = ClassifierJudge(profile([TERM]))
    wild, four = (
        judge(HUMAN, measurements(curvature=value, scorer="abc", words=12)).probability
        for value in (900.0, 3.0)
    )
    assert wild == four


@pytest.mark.parametrize(
    "values", [{"scorer": "another"}, {"scorer": None}, {"scorer": "abc", "curvature": None}]
)
def test_without_its_scorers_signals_the_text_alone_judges(values):
    made = profile([TERM])
    judged = ClassifierJudge(made)(MACHINE, measurements(**({"curvature": 9.0, "words": 12} | values)))
    log_odds = -0.5 + 0.75 * text_score(made, MACHINE)
    assert judged.probability == pytest.approx(1 / (1 + np.exp(-log_odds)))


def test_verdict_confidence_and_reasons():
    judge = ClassifierJudge(profile([TERM]))
    sure = judge(MACHINE, measurements(curvature=3.0, scorer="abc", words=12))
    assert (sure.verdict, sure.confidence) == ("SYNTHETIC", "HIGH")
    assert sure.reasons[0].startswith("wording as in machine text: “")
    assert any(word in sure.reasons[0] for word in ("tapestry", "delve", "realm", "vibrant"))
    assert sure.reasons[1] == "it bends, as in machine text: curvature is 3"
    human = judge(HUMAN, measurements(curvature=-1.0, scorer="abc", words=12))
    assert (human.verdict, human.confidence) == ("LIKELY_HUMAN", "HIGH")
    assert human.reasons[0].startswith("wording as in human text: “")
    assert human.reasons[1] == "it is straight, as in human text: curvature is -1"


def test_a_signal_that_falls_in_machine_text_is_put_in_words_by_its_own_side():
    falling = TERM.model_copy(update={"weight": -2.0})
    judged = ClassifierJudge(profile([falling]))(
        MACHINE, measurements(curvature=-1.0, scorer="abc", words=12)
    )
    assert judged.reasons[1] == "it is straight, as in machine text: curvature is -1"


def test_likelier_synthetic_but_below_the_threshold_is_said():
    judge = ClassifierJudge(profile([TERM]))
    between = judge(HUMAN, measurements(curvature=1.85, scorer="abc", words=12))
    assert 0.5 < between.probability < 0.9
    assert (between.verdict, between.confidence) == ("LIKELY_HUMAN", "LOW")
    assert "more likely synthetic than not, but below 0.900" in between.reasons[-1]


def test_thresholds_go_by_length():
    made = profile()
    probability = ClassifierJudge(made)(MACHINE, measurements(words=12)).probability
    limits = [threshold(probability + 0.01, 0, 99), threshold(probability - 0.01, 100)]
    by_length = made.classifier.text_only.model_copy(update={"thresholds": limits})
    judge = ClassifierJudge(
        made.model_copy(update={"classifier": made.classifier.model_copy(update={"text_only": by_length})})
    )
    assert judge(MACHINE, measurements(words=99)).verdict == "LIKELY_HUMAN"
    assert judge(MACHINE, measurements(words=100)).verdict == "SYNTHETIC"


@pytest.mark.parametrize(
    ("text", "values", "reason"),
    [
        (MACHINE, {"language": "de"}, "can't judge language de"),
        (MACHINE, {"language": None}, "can't judge language unknown"),
        (MACHINE, {"words": 9}, "9 words are too few to judge; 10 are needed"),
        ("x = {1: 2};\n" * 30, {"words": 60}, "no prose: letters 0.125 is below"),
        (
            MACHINE,
            {"words": 60, "scorer": "abc", "bits_per_byte": 0.2},
            "known by heart: bits_per_byte 0.2 is below",
        ),
    ],
)
def test_it_abstains_on_what_it_cannot_judge(text, values, reason):
    prose = [
        Range(signal="letters", low=0.6, high=1.0, reason="no prose"),
        Range(signal="bits_per_byte", low=0.9, high=4.0, reason="known by heart"),
    ]
    judged = ClassifierJudge(profile(prose=prose))(text, measurements(**values))
    assert (judged.verdict, judged.probability) == ("ABSTAIN", None)
    assert reason in judged.reasons[0]


@pytest.mark.parametrize(
    ("weights", "message"), [("a!", "text.weights"), (encode_weights(np.zeros(4)), "4 numbers")]
)
def test_weights_that_cannot_be_read_are_named(weights, message):
    with pytest.raises(ValueError, match=message):
        ClassifierJudge(profile(text=TextModel(weights=weights, intercept=0.0)))


def test_hostile_text_is_bounded_in_a_reason():
    judged = ClassifierJudge(profile())("delve" * 5000 + " " + MACHINE, measurements(words=12))
    assert len(judged.reasons[0]) < 400


MANY_CORES = """
import numpy as np
from wellspring.signals.verdict.classifier import ClassifierJudge
from wellspring.signals.verdict.profiles import built_in, parse_profile
from wellspring.signals.verdict.text_features import buckets_of, features
from tests.documents import measurements

profile = parse_profile(built_in("reference-en"), "reference-en")
classifier = profile.classifier.model_copy(update={"prose": []})
judge = ClassifierJudge(profile.model_copy(update={"classifier": classifier}))
for seed in range(20):
    letters = np.random.default_rng(seed).integers(97, 123, 20_000).astype(np.uint8)
    letters[::6] = 32
    text = letters.tobytes().decode()
    assert len(features(buckets_of(text)).values) > 10_000
    print(judge(text, measurements(words=3333, scorer=None)).probability.hex())
"""


@pytest.mark.slow
def test_a_long_text_has_the_same_probability_on_any_number_of_cores():
    """Of one with more than 10,000 distinct features: linear algebra libraries split such a sum."""
    said = {
        subprocess.run(
            [sys.executable, "-c", MANY_CORES],
            env=os.environ | {"OPENBLAS_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(said) == 1

import numpy as np
import pytest

from tests.documents import measurements
from wellspring.signals.batch.batch_signals import Document
from wellspring.signals.calibration.gate_calibration import choose_gate
from wellspring.signals.calibration.gate_trials import mean_over_sources


def documents(sources: int = 6, each: int = 120, plain: int = 0):
    """Log-odds that differ by label, cross-entropy that doesn't; sources lie apart by less. The synthetic
    text of the last `plain` sources shows in its repetitions alone."""
    generator = np.random.default_rng(1)
    names, labels, made = [], [], []
    for source in range(sources):
        offset = generator.normal(0, 0.3)
        by_words = source < sources - plain
        for synthetic in (False, True):
            for _ in range(each):
                shift = 2.0 if synthetic and by_words else -2.0
                log_odds = generator.normal(offset + shift, 1.0)
                repeats = 0.03 if synthetic and not by_words else 0.0
                values = {
                    "nll": float(generator.normal(900, 90)),
                    "mattr": float(generator.normal(0.8 - repeats, 0.02)),
                    "curvature": None,
                }
                names.append(f"c{source % 3}/s{source}")
                labels.append(synthetic)
                made.append(Document(measurements(**values), float(1 / (1 + np.exp(-log_odds)))))
    return names, [name.partition("/")[0] for name in names], labels, made


@pytest.mark.slow
def test_one_test_is_enough_where_one_signal_sees_everything():
    gate, check = choose_gate(*documents(), size=50, language="en")
    assert len(check.own_baseline.tests) == 1
    assert check.own_baseline.tests[0].signal == "mean_log_odds"
    unknown = mean_over_sources(check.unknown_source.chosen)
    own = mean_over_sources(check.own_baseline.chosen)
    assert max(unknown["0%"], own["0%"]) <= 0.05
    assert unknown["100%"] == own["100%"] == 1.0
    assert own["25%"] == 1.0
    assert "curvature above" not in check.own_baseline.alone  # undefined everywhere
    assert "cross_entropy_bits below" not in check.own_baseline.alone  # holds next to nothing
    assert all(test.languages or test.own_baseline for test in gate.tests)


@pytest.mark.slow
def test_a_second_test_is_taken_for_text_that_the_first_does_not_see():
    gate, check = choose_gate(*documents(plain=3), size=50, language="en")
    assert {str(test) for test in check.own_baseline.tests} == {"mean_log_odds above", "mattr below"}
    own = mean_over_sources(check.own_baseline.chosen)
    assert own["0%"] <= 0.05
    assert own["50%"] > 0.9
    assert mean_over_sources({"": check.own_baseline.alone["mattr below"]})["50%"] <= 0.55
    by_name = {test.signal: test for test in gate.tests}
    assert by_name["mattr"].own_baseline
    assert by_name["mattr"].direction == "below"
    assert mean_over_sources(check.long_baseline)["50%"] > 0.9


@pytest.mark.slow
def test_every_source_is_also_judged_by_tests_chosen_without_its_collection():
    _, check = choose_gate(*documents(plain=3), size=50, language="en")
    assert set(check.own_baseline.blind) == set(check.own_baseline.chosen)
    _, one = choose_gate(*documents()[:1], ["c"] * 1440, *documents()[2:], size=50, language="en")
    assert one.own_baseline.blind == {}


def test_too_few_sources_make_no_gate():
    with pytest.raises(ValueError, match="a gate needs 3 sources"):
        choose_gate(*documents(sources=2), size=100, language="en")


def test_short_sources_give_tests_for_sources_never_seen_alone():
    gate, check = choose_gate(*documents(each=60), size=30, language="en")
    assert (check.own_baseline.tests, check.long_baseline) == ([], {})
    assert all(test.languages and test.own_baseline for test in gate.tests)

import pytest
from pydantic import ValidationError

from wellspring.schemas.profile import Gate, GateTest, Limit


def test_a_gate_of_one_test_as_older_profiles_have_it_still_loads():
    old = {
        "signal": "mean_log_odds",
        "direction": "above",
        "strata": {},
        "languages": {"en": {"limit": 0.33, "batches": 15, "mean": -1.3, "spread": 0.7}},
        "unigram_floor": 3.2,
    }
    gate = Gate.model_validate(old)
    assert gate.tests == [gate]
    assert gate.languages["en"] == Limit(limit=0.33, batches=15, mean=-1.3, spread=0.7)
    assert gate.own_baseline


def test_a_gate_lists_its_tests_the_first_first():
    second = GateTest(signal="mattr", direction="below")
    gate = Gate(signal="mean_log_odds", direction="above", also=[second])
    assert [test.signal for test in gate.tests] == ["mean_log_odds", "mattr"]
    assert Gate.model_validate_json(gate.model_dump_json()) == gate
    with pytest.raises(ValidationError):
        GateTest(signal="mattr", direction="below", unigram_floor=3.2)

"""The table's arithmetic, done by hand for one machine of each kind."""

from benchmarks.scoring_costs import table


def test_rates_and_tokens_a_dollar() -> None:
    assumptions = {
        "utilisation": 0.5,
        "models": {"tiny": 1e6},
        "gpus": {"G": {"flops": 4e9, "dollars_an_hour": 3.6}},
        "cpu": {"C": {"dollars_an_hour": 0.1}},
    }
    assert table(assumptions, 500.0)[2:] == [
        "| C | reference-en | 500 | 18 | measured |",
        "| G | tiny | 1,000 | 1 | estimated |",
    ]

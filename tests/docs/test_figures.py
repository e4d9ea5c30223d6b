"""Figures in the explanations are those of the profile that ships and of the benchmarks."""

from pathlib import Path

import pytest

from benchmarks import scoring_costs
from docs.generator.performance import RESULTS, read_results
from wellspring.signals.verdict.profiles import built_in, parse_profile

PAGES = Path(__file__).parents[2] / "docs" / "explanation"


def row(page: str, begins: str) -> str:
    lines = (PAGES / f"{page}.md").read_text().splitlines()
    return next(line for line in lines if line.startswith(f"| {begins}"))


def test_the_mean_over_left_out_collections_is_the_profiles() -> None:
    profile = parse_profile(built_in("reference-en") or "", "reference-en")
    m = profile.measured

    assert row("verdicts", "mean of the four").split(" | ")[1:] == [
        f"{m['roc_auc']:.3f}",
        f"{m['precision']:.2f} / {m['recall']:.2f}",
        f"{m['false_positive_rate']:.1%}",
        f"{m['precision_at_half']:.2f} / {m['recall_at_half']:.2f}",
        f"{m['tpr_at_1_long']:.2f} (150 words and more) |",
    ]


def test_the_limits_for_a_source_never_seen_are_the_profiles() -> None:
    profile = parse_profile(built_in("reference-en") or "", "reference-en")
    limits = {test.signal: test.languages.get("en") for test in profile.gate.tests}

    share, binoculars = limits["confident_share"], limits["binoculars"]
    assert share and f"yes ({share.limit:.1%})" in row("gate", "share of documents whose probability")
    assert binoculars and f"yes ({binoculars.limit:.3f})" in row("gate", "Binoculars")
    assert row("gate", "mean log-odds").split(" | ")[1] == "–"
    assert limits["mean_log_odds"] is None


def test_what_the_explanations_say_of_benchmarks_is_what_they_measured() -> None:
    results = read_results(RESULTS)
    gate = " ".join((PAGES / "gate.md").read_text().split())

    assert "on collapsed text -69%, entropy -1.0%" in results["tail_signals"]["measured"]
    assert "entropy falls by 1% where tail coverage falls by 69%" in gate
    windows = " ".join(results["drift"]["lines"])
    for seen, said in (
        ("is seen: 10.4", "10 windows"),
        ("is seen: 15.4", "about 15"),
        ("is seen: 114.5", "over 100"),
    ):
        assert seen in windows
        assert said in gate


def test_what_scoring_costs_is_what_its_benchmark_prints(capsys: pytest.CaptureFixture[str]) -> None:
    scoring_costs.main()
    printed = capsys.readouterr().out.splitlines()

    said = [line for line in (PAGES / "cost.md").read_text().splitlines() if line.startswith("| ")]
    assert len(said) > 5
    assert set(said) <= set(printed)

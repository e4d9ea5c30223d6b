import re

from tests.transforms.curate.test_finish_run import manifest
from wellspring.pipelines.command.closing_table import closing_table
from wellspring.schemas.manifest import RunCost


def test_it_says_what_became_of_every_record_and_where_it_lies():
    lines = [line.split("  ") for line in closing_table(manifest(), "runs/x", 4.0).splitlines()]
    table = {parts[0] or parts[1]: parts[-1].strip() for parts in lines}
    text = closing_table(manifest(), "runs/x", 4.0)
    for part in ("human_unverified", "held for review", "rejected: duplicate", "damaged", "2, 1 held"):
        assert part in text
    assert table["records read"] == "10"
    assert "100 in 4.0 s, 25 tokens/s" in text
    assert "runs/x/report.html" in text
    assert "holds nothing" not in text


def test_it_says_how_long_each_device_scored():
    cost = RunCost(seconds=90, scoring_seconds={"cpu AVX2": 61.25, "cuda sm_90": 1234.5})
    text = closing_table(manifest(cost=cost), "runs/x", 4.0)
    assert re.search("on cpu AVX2 +61.2 s$", text, re.MULTILINE)
    assert re.search("on cuda sm_90 +1,234.5 s$", text, re.MULTILINE)


def test_under_monitor_it_says_that_nothing_is_held():
    assert "gate=monitor holds nothing" in closing_table(manifest(gate="monitor"), "runs/x", 4.0)

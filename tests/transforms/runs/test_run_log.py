"""The line at a run's end: what it says, and that the alerts in deploy/ read it."""

import json
import logging
import re
from pathlib import Path

import pytest
from apache_beam.metrics.metric import MetricsFilter

import wellspring.pipelines.curate
from tests.pipelines.crawl import write_crawl
from wellspring.pipelines.cli import main
from wellspring.schemas.manifest import Manifest
from wellspring.transforms.runs.run_log import RUN_FINISHED, figures_of_run, log_event

ALERTS = (Path(__file__).parents[3] / "deploy" / "terraform" / "alerts.tf").read_text()


def manifest(**changes: object) -> Manifest:
    fields: dict[str, object] = {
        "records_read": 1000,
        "labelled": {"human_unverified": 700},
        "held": 0,
        "rejected": {"duplicate": 200, "empty": 100},
        "files_read": 3,
        "files_damaged": {"a": "truncated"},
        "batches": 8,
        "batches_held": 0,
        "tokens": 5,
        "tokens_scored": 0,
        "scorer": None,
        "scored_on": {},
        "profile": "p",
        "gate": "monitor",
        "code_version": "0",
        "files": {},
        "by_source": {},
        "histograms": {},
        "conflicts": 0,
        "renamed_ids": 0,
        "profile_sha256": "",
        "batch_documents": 8,
        "batch_by": ["source"],
        "window_days": 1,
        "parameters": {},
        "started": "2026-11-24T00:00:00+00:00",
        "finished": "2026-11-24T06:00:00+00:00",
    }
    return Manifest(**{**fields, **changes})


def test_shares_and_age_by_hand():
    windows = ["", "2026-11-20T00:00:00Z", "2026-11-22T00:00:00Z"]
    figures = figures_of_run(manifest(), flagged=2, windows=windows)
    assert figures["held_share"] == 0.25  # of batches, watched or held
    assert figures["rejected_share"] == 0.1  # duplicates say nothing of an input's health
    assert figures["data_age_hours"] == 30  # the window of the 22nd ends with the day
    assert figures["seconds"] == 6 * 3600


def test_without_dates_there_is_no_age_and_without_records_no_share():
    figures = figures_of_run(manifest(records_read=0, rejected={}, batches=0), 0, [""])
    assert (figures["held_share"], figures["rejected_share"], figures["data_age_hours"]) == (0, 0, None)
    late = figures_of_run(manifest(), 0, ["2026-11-24T00:00:00Z"])
    assert late["data_age_hours"] == 0


@pytest.mark.parametrize("value", [0.25, 0.0001, 0.0, 1.0, 1234.5])
def test_the_alerts_read_the_line(value, caplog):
    """Terraform's own filter and extractors, on the line as it is written."""
    figures = dict.fromkeys(("held_share", "rejected_share", "data_age_hours"), value)
    with caplog.at_level(logging.INFO, "wellspring"):
        log_event(RUN_FINISHED, "gs://b/runs/1", **figures)
    line = caplog.messages[0]
    unescaped = ALERTS.replace('\\\\\\"', '"').replace('\\"', '"')
    (pattern,) = re.findall(r'jsonPayload\.message=~"(.+?run_finished"?)"', unescaped)
    assert re.search(pattern, line)
    (extractor,) = re.findall(r'REGEXP_EXTRACT\(jsonPayload\.message, "(.+)"\)', unescaped)
    names = re.findall(r"^\s{4}(\w+)\s+= \{ unit", ALERTS, re.MULTILINE)
    assert set(names) == figures.keys()
    for name in names:
        found = re.search(extractor.replace("${each.key}", name), line)
        assert found and float(found[1]) == value


@pytest.mark.slow
def test_a_runs_metrics_and_its_line_are_its_manifests_counts(tmp_path, tiny_scorer, caplog, monkeypatch):
    results = []

    class Kept(wellspring.pipelines.curate.beam.Pipeline):
        def run(self, *args: object, **kwargs: object):
            results.append(super().run(*args, **kwargs))
            return results[-1]

    monkeypatch.setattr(wellspring.pipelines.curate.beam, "Pipeline", Kept)
    crawl, run = write_crawl(tmp_path / "crawl"), tmp_path / "run"
    flags = [
        f"--scorer={tiny_scorer}",
        "--profile=seed",
        "--batch_documents=8",
        "--direct_runner_bundle_repeat=1",
    ]
    with caplog.at_level(logging.INFO, "wellspring"):
        assert main(["curate", f"--input={crawl}/*.gz", f"--output={run}", *flags]) == 0
    told = json.loads((run / "manifest.json").read_text())
    found = results[0].metrics().query(MetricsFilter().with_namespace("wellspring"))["counters"]
    counters: dict[str, int] = {}
    for one in found:
        counters[one.key.metric.name] = counters.get(one.key.metric.name, 0) + one.committed
    rejected = {n.removeprefix("documents_rejected_"): c for n, c in counters.items() if "_rejected_" in n}
    assert rejected == told["rejected"]
    assert counters["documents_read"] == told["records_read"]
    assert (counters["batches"], counters["tokens"]) == (told["batches"], told["tokens"])
    assert counters["files_read"] == told["files_read"]
    assert sum(c for n, c in counters.items() if n.startswith("files_damaged_")) == len(told["files_damaged"])
    # A step that is done twice says it twice, the second time with the time that it is then.
    line, *_ = [json.loads(m) for m in caplog.messages if RUN_FINISHED in m]
    assert line["run"] == str(run)
    assert line["records_read"] == told["records_read"]
    assert line["data_age_hours"] > 0
    cost = told["cost"]
    assert cost["scoring_seconds"].keys() == told["scored_on"].keys()
    (seconds,) = cost["scoring_seconds"].values()
    assert 0 < seconds < cost["seconds"] + 1
    assert (line["scoring_seconds"], line["seconds"]) == (round(seconds, 1), cost["seconds"])


@pytest.mark.parametrize("days", [1, 7, 4_000_000, 10**12])
def test_a_window_that_ends_beyond_the_calendar_has_an_age(days):
    figures = figures_of_run(manifest(window_days=days), flagged=0, windows=["9999-12-31"])
    assert figures["data_age_hours"] == 0

"""The flex templates' metadata against the options that the jobs take."""

import argparse
import json
import re
from pathlib import Path
from typing import Any

import pytest

from wellspring.pipelines.flags.commands import parsers

METADATA = Path(__file__).parents[2] / "deploy" / "metadata"
JOBS = ("curate", "reprocess", "mix")
# A dry run prints a plan and makes no job, so that a template has nothing to launch.
LEFT_OUT = {"help", "dry_run", "detach"}
EXAMPLES = {
    "input": ["gs://bucket/crawl/*.warc.wet.gz", "https://host/wet.paths.gz"],
    "output": ["gs://bucket/runs/2026-11-24", "gs://bucket/runs/{date}"],
    "scorer_accelerator": ["type:nvidia-l4;count:1;install-nvidia-driver", "type:nvidia-tesla-t4;count:2"],
    "hold_topic": ["projects/p/topics/held"],
    "batch_by": ["source,language", "source"],
}


def metadata(job: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((METADATA / f"{job}.json").read_text())
    return content


def options(job: str) -> dict[str, argparse.Action]:
    return {action.dest: action for action in parsers(job)[job]._actions if action.dest not in LEFT_OUT}


@pytest.mark.parametrize("job", JOBS)
def test_parameters_are_the_options_of_the_job(job):
    taken = options(job)
    parameters = {p["name"]: p for p in metadata(job)["parameters"]}
    assert parameters.keys() == taken.keys()
    for name, action in taken.items():
        parameter = parameters[name]
        assert parameter["isOptional"] is not action.required, name
        assert (parameter.get("paramType") == "BOOLEAN") is (action.nargs == 0), name
        assert [o["value"] for o in parameter.get("enumOptions", [])] == list(action.choices or []), name
        if "defaultValue" in parameter:
            assert parameter["defaultValue"] == str(action.default), name


@pytest.mark.parametrize("job", JOBS)
def test_every_parameter_says_what_it_is_and_its_pattern_takes_what_people_write(job):
    for parameter in metadata(job)["parameters"]:
        assert parameter["label"] and parameter["helpText"].endswith("."), parameter["name"]
        for example in EXAMPLES.get(parameter["name"], []):
            assert all(re.fullmatch(pattern, example) for pattern in parameter["regexes"]), example


@pytest.mark.parametrize("parameter", ["output", "hold_topic", "scorer_accelerator"])
def test_a_pattern_refuses_what_the_job_would_refuse_later(parameter):
    wrong = {"output": "/tmp/run", "hold_topic": "held", "scorer_accelerator": "nvidia-l4"}[parameter]
    patterns = {p["name"]: p.get("regexes", []) for p in metadata("curate")["parameters"]}[parameter]
    assert not any(re.fullmatch(pattern, wrong) for pattern in patterns)

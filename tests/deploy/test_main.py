"""What the template's launcher hands to a job."""

import importlib.util
import json
from datetime import date
from pathlib import Path

import pytest

from wellspring.pipelines.command.beam_options import parse_arguments
from wellspring.pipelines.flags.curate import parser

DEPLOY = Path(__file__).parents[2] / "deploy"
TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def launcher():
    spec = importlib.util.spec_from_file_location("deploy_main", DEPLOY / "main.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def job_arguments(launcher):
    return launcher.job_arguments


@pytest.fixture(scope="module")
def curate():
    return json.loads((DEPLOY / "metadata" / "curate.json").read_text())


def test_flags_dates_and_the_image_are_put_right(job_arguments, curate):
    given = [
        "--input=gs://b/{date}/*.gz",
        "--output=gs://b/runs/{date}",
        "--overwrite=true",
        "--sources=",
        "--gate=enforce",
        "--project=p",
        "--job_name=a{date}",
    ]
    assert job_arguments(given, curate, "host/image:1", TODAY) == [
        "--input=gs://b/2026-11-24/*.gz",
        "--output=gs://b/runs/2026-11-24",
        "--overwrite",
        "--gate=enforce",
        "--project=p",
        "--job_name=a{date}",
        "--sdk_container_image=host/image:1",
        "--sdk_location=container",
    ]


def test_false_leaves_a_flag_out_and_an_image_that_was_given_stays(job_arguments, curate):
    given = ["--overwrite=false", "--sdk_container_image=other", "--sdk_location=default"]
    assert job_arguments(given, curate, "host/image:1", TODAY) == given[1:]
    assert job_arguments([], curate, "", TODAY) == ["--sdk_location=container"]


def test_another_value_of_a_flag_is_an_error(job_arguments, curate):
    with pytest.raises(ValueError, match="--overwrite is true or false, not 'yes'"):
        job_arguments(["--overwrite=yes"], curate, "", TODAY)


def test_the_job_takes_what_the_launcher_hands_on(job_arguments, curate):
    given = ["--input=gs://b/a.gz", "--output=gs://b/r", "--overwrite=true", "--runner=DataflowRunner"]
    given += ["--project=p", "--region=r", "--temp_location=gs://b/t", "--staging_location=gs://b/s"]
    arguments, options = parse_arguments(parser(), job_arguments(given, curate, "host/image:1", TODAY))
    assert arguments.overwrite
    assert options.get_all_options()["sdk_container_image"] == "host/image:1"


@pytest.mark.parametrize(("job", "left"), [("curate", True), ("reprocess", True), ("mix", False)])
def test_a_job_of_one_pipeline_is_left_with_the_service(launcher, monkeypatch, job, left):
    given = []
    monkeypatch.setattr(launcher, "METADATA", DEPLOY / "metadata")
    monkeypatch.setattr("wellspring.pipelines.cli.main", lambda argv: given.extend(argv) or 0)
    monkeypatch.setattr("logging.basicConfig", lambda **_: None)
    monkeypatch.setattr("sys.argv", ["main.py", "--output=gs://b/r"])
    monkeypatch.setenv("WELLSPRING_JOB", job)
    monkeypatch.setenv("WELLSPRING_IMAGE", "host/image:1")
    assert launcher.main() == 0
    assert given[:2] == [job, "--output=gs://b/r"]
    assert ("--detach" in given) is left

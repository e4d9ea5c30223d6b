import json

import pytest

from wellspring.pipelines.cli import main

pytestmark = pytest.mark.slow


def test_the_demo_ends_with_batches_held_and_passed_and_says_what_to_do_next(tmp_path, capsys, check_run):
    output = tmp_path / "demo"
    assert main(["demo", f"--output={output}"]) == 0
    printed = capsys.readouterr().out

    check_run(output / "calibration-run")
    check_run(output / "run")
    manifest = json.loads((output / "run/manifest.json").read_text())
    assert 0 < manifest["batches_held"] < manifest["batches"]
    assert {"duplicate", "empty", "too_short"} <= manifest["rejected"].keys()
    assert len(manifest["files_damaged"]) == 1
    assert manifest["labelled"]["human_verified"] > 0
    calibration = json.loads((output / "calibration-run/manifest.json").read_text())
    assert calibration["labelled"]["synthetic_known"] > 0
    assert calibration["batches_held"] == 0

    profile = json.loads((output / "demo-profile.json").read_text())
    assert profile["name"] == "demo"
    assert "Not for use" in profile["description"]
    for path in ("run/report.html", "demo-profile.json"):
        assert str(output / path) in printed
        assert (output / path).exists()
    assert "wellspring curate --input=" in printed

"""The build's steps: that they are YAML, that their script is one, and that they build what is deployed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.fixture(scope="module")
def steps():
    return yaml.safe_load((DEPLOY / "cloudbuild.yaml").read_text())["steps"]


def scripts(steps) -> set[str]:
    """The steps' scripts as the builder's shell sees them: `$$` is Cloud Build's way to write `$`."""
    return {step["args"][-1].replace("$$", "$") for step in steps}


def test_the_script_is_the_same_for_both_devices_and_bash_reads_it(steps):
    assert [step["env"][0] for step in steps] == ["DEVICE=cpu", "DEVICE=gpu"]
    (script,) = scripts(steps)
    done = subprocess.run(
        ["bash", "-n", "-c", re.sub(r"\$\{_\w+\}", "x", script)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_it_builds_every_job_with_metadata_by_the_arguments_of_the_dockerfile(steps):
    (script,) = scripts(steps)
    loop = re.search(r"for job in ([a-z ]+);", script)
    assert loop
    assert set(loop[1].split()) == {path.stem for path in (DEPLOY / "metadata").glob("*.json")}
    given = set(re.findall(r"--build-arg (\w+)=", script))
    assert given == {"DEVICE", "JOB", "IMAGE"}
    assert given <= set(re.findall(r"^ARG (\w+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))


def test_the_loop_names_the_images_that_terraform_deploys(steps, tmp_path):
    """The script itself, with a docker that only writes down what it was asked."""
    (script,) = scripts(steps)
    log = tmp_path / "log"
    docker = tmp_path / "docker"
    docker.write_text(f'#!/bin/sh\necho "$@" >> {log}\n')
    docker.chmod(0o755)
    bash = shutil.which("bash")
    assert bash
    script = script.replace("${_REGISTRY}", "host/p/wellspring").replace("${_TAG}", "abc")
    path = f"{tmp_path}:/usr/bin:/bin"
    subprocess.run([bash, "-ceu", script], env={"PATH": path, "DEVICE": "gpu"}, check=True)
    pushed = [line.split()[1] for line in log.read_text().splitlines() if line.startswith("push ")]
    assert pushed == [f"host/p/wellspring/{job}-gpu:abc" for job in ("curate", "reprocess", "mix")]
    terraform = (DEPLOY / "terraform" / "main.tf").read_text()
    assert '"${local.registry}/${each.value}-${var.device}:${var.image_tag}"' in terraform

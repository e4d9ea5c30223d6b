"""The Terraform files, parsed: nothing here reaches a cloud, and providers can't be had without a network."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from wellspring.pipelines.flags.curate import parser

hcl2 = pytest.importorskip("hcl2", reason="python-hcl2 of the test extra is not installed")

DEPLOY = Path(__file__).parents[2] / "deploy"
FOLDER = DEPLOY / "terraform"


def unquoted(value: Any) -> Any:
    """The parser's output without its quotes around names and strings and its own marks."""
    if isinstance(value, dict):
        return {unquoted(k): unquoted(v) for k, v in value.items() if not k.startswith("__")}
    if isinstance(value, list):
        return [unquoted(item) for item in value]
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1]
    return value


@pytest.fixture(scope="module")
def blocks() -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for path in sorted(FOLDER.glob("*.tf")):
        with path.open() as file:
            for kind, content in unquoted(hcl2.load(file)).items():
                found.setdefault(kind, []).extend(content)
    return found


@pytest.fixture(scope="module")
def resources(blocks) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (kind, name): body
        for block in blocks["resource"]
        for kind, named in block.items()
        for name, body in named.items()
    }


def one(value: Any) -> Any:
    """A block that stands once."""
    return value[0] if isinstance(value, list) else value


def source() -> str:
    return "\n".join(path.read_text() for path in sorted(FOLDER.glob("*.tf")))


@pytest.mark.slow
def test_every_variable_is_declared_described_and_used(blocks):
    declared = {name: body for block in blocks["variable"] for name, body in block.items()}
    assert set(re.findall(r"\bvar\.(\w+)", source())) == declared.keys()
    assert all(body.get("description", "").endswith(".") and "type" in body for body in declared.values())


def test_every_reference_names_a_resource_that_is_there(resources):
    names = set(re.findall(r"\b(google_\w+)\.(\w+)", source()))
    assert names and names <= resources.keys(), names - resources.keys()
    locals_used = set(re.findall(r"\blocal\.(\w+)", source()))
    assert all(re.search(rf"^\s+{name}\s+= ", source(), re.MULTILINE) for name in locals_used)


def test_the_bucket_is_private_and_clears_what_is_temporary(resources):
    bucket = resources["google_storage_bucket", "runs"]
    assert bucket["uniform_bucket_level_access"] is True
    assert bucket["public_access_prevention"] == "enforced"
    assert bucket["force_destroy"] is False
    rules = [(one(r["action"])["type"], one(r["condition"])) for r in bucket["lifecycle_rule"]]
    deletes = [condition for action, condition in rules if action == "Delete"]
    assert deletes and all(c["matches_prefix"] == ["temporary/", "staging/"] for c in deletes)
    assert "AbortIncompleteMultipartUpload" in [action for action, _ in rules]
    # What is deleted is where the jobs put temporary files, and no run.
    assert '/temporary"' in source() and '/staging"' in source() and '/runs/{date}"' in source()


def test_accounts_have_the_roles_they_need_and_no_more(resources):
    granted = {
        (re.sub(r".*google_service_account\.(\w+)\..*", r"\1", body["member"]), body["role"])
        for (kind, _), body in resources.items()
        if "_iam_" in kind
    }
    assert granted == {
        ("worker", "roles/dataflow.worker"),
        ("worker", "roles/storage.objectUser"),
        ("worker", "roles/artifactregistry.reader"),
        ("worker", "roles/pubsub.publisher"),
        ("launcher", "roles/dataflow.developer"),
        ("launcher", "roles/iam.serviceAccountUser"),
        ("launcher", "roles/storage.objectViewer"),
        ("mixer", "roles/dataflow.developer"),
        ("mixer", "roles/iam.serviceAccountUser"),
        ("mixer", "roles/storage.objectUser"),
    }
    on_the_project = {
        body["role"] for (kind, _), body in resources.items() if kind == "google_project_iam_member"
    }
    assert on_the_project == {"roles/dataflow.worker", "roles/dataflow.developer"}
    assert not re.search(
        r"allUsers|allAuthenticatedUsers|roles/(owner|editor)|google_service_account_key", source()
    )


def test_the_schedule_hands_over_parameters_that_the_template_has(resources):
    body = resources["google_cloud_scheduler_job", "curate"]
    text = (FOLDER / "schedule.tf").read_text()
    merged = re.search(r"parameters = merge\((.*?)\n        \)", text, re.DOTALL)
    assert merged
    given = set(re.findall(r"^\s{12}(\w+)\s+= ", merged[1], re.MULTILINE)) | {"scorer_accelerator"}
    known = {p["name"] for p in json.loads((DEPLOY / "metadata" / "curate.json").read_text())["parameters"]}
    assert {"input", "output"} <= given <= known
    assert one(body["retry_config"])["retry_count"] == 0


def test_the_default_accelerator_is_one_that_curate_takes(blocks):
    default = next(b["accelerator"]["default"] for b in blocks["variable"] if "accelerator" in b)
    given = parser().parse_args(["--input=a", "--output=b", f"--scorer_accelerator={default}"])
    assert given.scorer_accelerator == default


def test_files_have_terraforms_own_format():
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("no terraform here")
    done = subprocess.run(
        [terraform, "fmt", "-check", "-diff", str(FOLDER)],
        env={"PATH": "", "TF_CLI_CONFIG_FILE": "/dev/null"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr

import hashlib
import json

import pytest

from tests.review.held_run import held_run
from wellspring.transforms.runs.finished_run import FinishedRun, RunError


def test_a_file_is_read_as_the_manifest_recorded_it(tmp_path):
    run = FinishedRun(f"{held_run(tmp_path / 'run')}/")
    assert run.folder == str(tmp_path / "run")
    path = next(p for p in run.manifest.files if p.startswith("hold/") and p.endswith(".json"))
    assert run.read(path) == (tmp_path / "run" / path).read_bytes()
    assert len(run.audits()) == run.manifest.batches


def test_changed_missing_and_unlisted_files_are_named(tmp_path):
    folder = held_run(tmp_path / "run")
    run = FinishedRun(str(folder))
    audits, ticket = (next(p for p in run.manifest.files if p.startswith(x)) for x in ("audits/", "hold/"))
    content = bytearray((folder / audits).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / audits).write_bytes(content)
    with pytest.raises(RunError, match=f"{audits} was changed"):
        run.audits()
    (folder / ticket).unlink()
    with pytest.raises(RunError, match=f"{ticket} is gone"):
        run.read(ticket)
    with pytest.raises(RunError, match="lists no hold/../secrets"):
        run.read("hold/../secrets")


@pytest.mark.parametrize(("written", "says"), [(b"{}\n", "can't be read"), (b"[]", "was changed")])
def test_drift_that_cannot_be_read_is_named(tmp_path, written, says):
    folder, path = held_run(tmp_path / "run"), "audits/_drift-0.jsonl"
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][path] = {"rows": 1, "sha256": hashlib.sha256(b"{}\n").hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / path).write_bytes(written)
    with pytest.raises(RunError, match=f"{path} {says}"):
        FinishedRun(str(folder)).drift()


@pytest.mark.parametrize("manifest", [None, "{", '{"records_read": 1}'])
def test_a_folder_without_a_readable_manifest_is_no_finished_run(tmp_path, manifest):
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(RunError, match=r"is not a finished run|manifest.json can't be read"):
        FinishedRun(str(tmp_path))

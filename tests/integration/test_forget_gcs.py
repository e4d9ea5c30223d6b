"""`wellspring forget` in a bucket: the same end as on this machine, wherever it dies, whoever interferes."""

import contextlib
import itertools
import json
import shutil
from pathlib import Path

import pytest

from tests.integration.gcs import Fault
from tests.pipelines.forgetting.places import WHO, Killed, at_rest, begun, files, holding, stop_the_clock
from tests.review.held_run import held_run
from wellspring.pipelines import forget
from wellspring.pipelines.cli import main
from wellspring.transforms.storage.cloud_storage import CloudStorage, CloudStorageError
from wellspring.transforms.storage.replace_files import COMMIT

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    stop_the_clock(monkeypatch)


@pytest.fixture
def local(tmp_path) -> Path:
    return held_run(tmp_path / "run", batches=3, documents=4)


@pytest.fixture
def id(local) -> str:
    from tests.pipelines.test_forget import rows

    return rows(local, "documents/*/part-*.parquet")[0]["id"]


@pytest.fixture
def after(local, id, tmp_path) -> dict[str, bytes]:
    """The run's files once a local copy of it has forgotten the document."""
    copy = shutil.copytree(local, tmp_path / "copy")
    assert main(["forget", f"--run={copy}", f"--id={id}", *WHO]) == 0
    return files(copy)


def put(bucket, local: Path, name: str) -> str:
    for path, content in files(local).items():
        bucket.put(f"{name}/{path}", content)
    return f"{bucket.url}/{name}"


def test_a_run_in_a_bucket_ends_as_on_this_machine(bucket, local, id, after, tmp_path, check_run):
    run = put(bucket, local, "runs/1")
    assert main(["forget", f"--run={run}", f"--id={id}", *WHO]) == 0
    assert bucket.contents("runs/1/") == after
    downloaded = bucket.download("runs/1", tmp_path / "downloaded")
    check_run(downloaded)
    assert holding(downloaded, id) == []
    assert main(["forget", f"--run={run}", f"--id={id}", *WHO]) == 0
    assert bucket.contents("runs/1/") == after
    # What is put in place is copied over the generation that was read, and nothing else is.
    copies = [request for request in bucket.proxy.requests if request.kind == "copy"]
    assert copies and all("ifGenerationMatch" in request.query for request in copies)


@pytest.mark.slow
def test_killed_before_any_change_and_run_again_it_ends_the_same(bucket, local, id, after, monkeypatch):
    before = files(local)
    for step in itertools.count(0, 2):
        run = put(bucket, local, f"runs/{step}")
        left = step

        def dying(change):
            def instead(self, *args, **keywords):
                nonlocal left
                if left == 0:
                    raise Killed
                left -= 1
                return change(self, *args, **keywords)

            return instead

        with monkeypatch.context() as patched:
            for name in ("replace", "create", "put_in_place", "delete"):
                patched.setattr(CloudStorage, name, dying(getattr(CloudStorage, name)))
            try:
                main(["forget", f"--run={run}", f"--id={id}", *WHO])
            except Killed:
                pass
            else:
                break
        there = bucket.contents(f"runs/{step}/")
        if not begun(there):
            assert at_rest(there) == before
        assert main(["forget", f"--run={run}", f"--id={id}", *WHO]) == 0
        assert bucket.contents(f"runs/{step}/") == after
    assert step > 15


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["upload", "copy", "delete"])
def test_lost_answers_and_refusals_change_nothing(bucket, local, id, after, kind):
    run = put(bucket, local, "runs/1")
    faults = [Fault(status=503), Fault(status=429), Fault(reset_before=True), Fault(reset_after=True)]
    injected = [
        bucket.proxy.inject(fault, when=lambda request: request.kind == kind, first=first)
        for first, fault in enumerate(faults, start=1)
    ]
    assert main(["forget", f"--run={run}", f"--id={id}", *WHO]) == 0
    assert all(injection.done == 1 for injection in injected)
    assert bucket.contents("runs/1/") == after


def test_what_another_has_changed_before_the_commit_ends_it(bucket, local, id, monkeypatch, capsys):
    run = put(bucket, local, "runs/1")
    create = CloudStorage.create

    def overtaken(self, path, content):
        create(self, path, content)
        if path == COMMIT:
            bucket.put("runs/1/manifest.json", b"another's")

    monkeypatch.setattr(CloudStorage, "create", overtaken)
    assert main(["forget", f"--run={run}", f"--id={id}", *WHO]) == 2
    said = capsys.readouterr().err
    assert "manifest.json was changed by another meanwhile, so nothing was done" in said
    assert said.count("\n") == 1
    assert bucket.contents("runs/1/") == files(local) | {"manifest.json": b"another's"}


def test_what_another_changes_after_the_commit_is_not_written_over(bucket, local, id, monkeypatch, capsys):
    run = put(bucket, local, "runs/1")
    put_in_place = CloudStorage.put_in_place

    def overtaken(self, source, target, generation):
        if target == "manifest.json":
            bucket.put("runs/1/manifest.json", b"another's")
        put_in_place(self, source, target, generation)

    monkeypatch.setattr(CloudStorage, "put_in_place", overtaken)
    assert main(["forget", f"--run={run}", f"--id={id}", *WHO]) == 2
    said = capsys.readouterr().err
    assert "manifest.json was changed by another meanwhile and is not written over" in said
    assert bucket.contents("runs/1/")["manifest.json"] == b"another's"


def test_of_two_at_once_the_second_is_told_of_the_first(bucket, local, id, after, monkeypatch, capsys):
    run = put(bucket, local, "runs/1")
    replace = CloudStorage.replace

    def with_another_before(self, *args):
        monkeypatch.setattr(CloudStorage, "replace", replace)
        assert main(["forget", f"--run={run}", f"--id={id}", *WHO]) == 2
        replace(self, *args)

    monkeypatch.setattr(CloudStorage, "replace", with_another_before)
    assert main(["forget", f"--run={run}", f"--id={id}", *WHO]) == 0
    assert f"--run: {run} is being written by `wellspring forget`" in capsys.readouterr().err
    assert bucket.contents("runs/1/") == after


@pytest.mark.parametrize("change", ["create", "put_in_place"])
def test_of_two_at_once_one_commits(bucket, local, id, after, monkeypatch, capsys, change):
    """The other comes while this one has staged its files, or claimed its commit and not settled it; and
    somebody had removed the claim of the first."""
    monkeypatch.setattr(forget, "own_folder", lambda *_, **__: contextlib.nullcontext())
    run = put(bucket, local, "runs/1")
    original, begun = getattr(CloudStorage, change), []

    def with_another_before(self, *args):
        if not begun:
            begun.append(args)
            assert main(["forget", f"--run={run}", f"--id={id}", *WHO]) == 0
        original(self, *args)

    monkeypatch.setattr(CloudStorage, change, with_another_before)
    assert main(["forget", f"--run={run}", f"--id={id}", *WHO]) == 2
    assert "was changed by another meanwhile" in capsys.readouterr().err
    monkeypatch.setattr(CloudStorage, change, original)
    assert main(["forget", f"--run={run}", f"--id={id}", *WHO]) == 0
    assert at_rest(bucket.contents("runs/1/")) == after


def test_no_bucket_and_no_run(bucket, capsys):
    for run, said in (
        ("gs://no-such-bucket/run", "there is no bucket"),
        (bucket.url, "is not a finished run"),
    ):
        assert main(["forget", f"--run={run}", "--id=a", *WHO]) == 2
        printed = capsys.readouterr().err
        assert said in printed and printed.count("\n") == 1


@pytest.mark.slow
def test_a_set_in_a_bucket(bucket, tiny_scorer, tmp_path, capsys):
    from tests.pipelines.mixed_runs import curate, mix, rows, some_documents

    source = curate(tmp_path / "a", some_documents(90, "k", sentences=2), tiny_scorer)
    drawn = mix(tmp_path, [source], "tokens: 5000\nshares: {human_verified: 0.5, human_unverified: 0.5}")
    row = rows(drawn)[0]
    there = put(bucket, drawn, "sets/1")
    assert main(["forget", f"--set={drawn}", f"--id={row.id}", *WHO]) == 0
    assert main(["forget", f"--set={there}", f"--id={row.id}", *WHO]) == 0
    assert bucket.contents("sets/1/") == files(drawn)
    assert json.loads(bucket.contents("sets/1/")["manifest.json"])["forgotten"] == 1
    capsys.readouterr()
    assert main(["lineage", f"--set={there}", f"--id={row.id}"]) == 0
    assert f"({there}/forgotten/1.json)" in capsys.readouterr().out


def test_objects_are_deleted_and_replaced_by_their_generation(bucket):
    storage = CloudStorage(f"{bucket.url}/runs/one")
    storage.replace("a", b"1")
    storage.replace("staged/a", b"2")
    storage.replace("staged/b", b"3")
    first = storage.generations()["a"]
    storage.put_in_place("staged/a", "a", first)
    storage.put_in_place("staged/a", "a", first)  # done already
    storage.put_in_place("staged/b", "b", None)
    assert bucket.contents("runs/one/") == {"a": b"2", "b": b"3", "staged/a": b"2", "staged/b": b"3"}
    with pytest.raises(CloudStorageError, match="was changed by another"):
        storage.put_in_place("staged/b", "a", first)
    storage.put_in_place("staged/none", "a", first)  # done already, and the sources are being removed
    with pytest.raises(CloudStorageError, match="is gone before it was put in place"):
        storage.put_in_place("staged/none", "a", storage.generations()["a"])
    with pytest.raises(CloudStorageError, match="was changed by another"):
        storage.put_in_place("staged/b", "none", first)
    with pytest.raises(CloudStorageError):
        storage.delete("a", first)
    storage.delete("a", storage.generations()["a"])
    storage.delete("a")
    storage.remove("staged")
    assert bucket.contents("runs/one/") == {"b": b"3"}

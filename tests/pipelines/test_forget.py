"""`wellspring forget`: what must be gone is gone, the sums still hold, and a kill changes nothing."""

import hashlib
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.pipelines.crawl import write_crawl
from tests.pipelines.forgetting.places import WHO, at_rest, begun, files, killed_at, stop_the_clock
from tests.review.held_run import held_run
from wellspring.pipelines.cli import main
from wellspring.review.queue import HoldQueue
from wellspring.review.release import release_decided


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Two calls at one time, so that whole folders can be compared."""
    stop_the_clock(monkeypatch)


@pytest.fixture
def run(tmp_path) -> Path:
    """Held batches approved, rejected in part (both released) and waiting; others passed."""
    folder = held_run(tmp_path / "run", batches=4, documents=4)
    queue = HoldQueue(str(folder))
    one, part, *_ = (entry.audit.batch_id for entry in queue.entries())
    queue.approve(one, by="ann")
    queue.reject(part, by="ben", reason="a copy", documents=[queue.documents(part)[1].id])
    release_decided(queue, by="ann")
    return folder


def rows(run: Path, pattern: str) -> list[dict]:
    tables = [pq.read_table(path, partitioning=None) for path in sorted(run.glob(pattern))]
    return [row for table in tables for row in table.to_pylist()]


def places(run: Path) -> dict[str, str]:
    """One document's id of every kind of place."""
    released = [r["id"] for r in rows(run, "documents/*/released-*.parquet")]
    declined = [r["id"] for r in rows(run, "declined/*.parquet")]
    held = [r["id"] for r in rows(run, "hold/*/documents.parquet")]
    published = [r["id"] for r in rows(run, "documents/*/part-*.parquet")]
    waiting = [id for id in held if id not in {*released, *declined}]
    return {
        "published": published[0],
        "waiting": waiting[0],
        "released": released[0],
        "declined": declined[0],
    }


def manifest(run: Path) -> dict:
    return json.loads((run / "manifest.json").read_text())


def left_over(run: Path, id: str) -> list[str]:
    """Columns and data files in which an id, or a part of it, still stands. A person's decision names ids."""
    found = []
    for path in sorted(run.rglob("*.parquet")):
        found += [str(path) for row in pq.read_table(path, partitioning=None).to_pylist() if id in str(row)]
    return found + [str(p) for p in run.rglob("*.json") if "decisions" not in p.parts and id in p.read_text()]


@pytest.mark.parametrize("place", ["published", "waiting", "released", "declined"])
@pytest.mark.slow
def test_a_document_leaves_every_place_and_the_run_stays_one(run, place, check_run):
    id = places(run)[place]
    assert left_over(run, id)
    before = manifest(run)
    assert main(["forget", f"--run={run}", f"--id={id}", *WHO]) == 0
    check_run(run)
    assert left_over(run, id) == []
    after = manifest(run)
    assert after["records_read"] == before["records_read"]
    assert after["rejected"] == {**before["rejected"], "forgotten": 1}
    counted = "labelled" if place == "published" else "held"
    for name in ("labelled", "held"):
        total = [sum(m[name].values()) if name == "labelled" else m[name] for m in (before, after)]
        assert total[0] - total[1] == (name == counted)
    assert after["tokens"] < before["tokens"]
    assert not (run / ".unfinished").exists()


def test_the_record_says_who_when_and_why_and_nothing_of_the_document(run):
    id = places(run)["published"]
    document = next(r for r in rows(run, "documents/*/*.parquet") if r["id"] == id)
    assert main(["forget", f"--run={run}", f"--id={id}", *WHO]) == 0
    text = (run / "forgotten" / "1.json").read_text()
    record = json.loads(text)
    digest = hashlib.sha256(id.encode()).hexdigest()
    assert (record["by"], record["reason"], record["at"]) == (
        "ann",
        "asked by its author",
        "2026-11-24T00:00:00+00:00",
    )
    assert (record["selected_by"], record["selected_sha256"], record["ids_sha256"]) == (
        "id",
        digest,
        [digest],
    )
    assert id not in text and str(document["url"]) not in text and document["text"][:20] not in text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flag", "gone"),
    [
        ("--url=https://www.other.co.uk/a?b=1", [False, True]),
        ("--url=https://www.other.co.uk/a", [False, False]),
        ("--domain=other.co.uk", [False, True]),
        ("--domain=co.uk", [False, False]),
        ("--domain=example.org", [True, False]),
    ],
)
def test_a_url_and_a_domain_are_exact_and_runs_without_them_stay(tmp_path, flag, gone, check_run):
    runs = [
        held_run(tmp_path / "one", batches=2, documents=3),
        held_run(tmp_path / "two", batches=2, documents=3, url="https://www.other.co.uk/a?b=1"),
    ]
    before = [files(run) for run in runs]
    assert main(["forget", f"--run={runs[0]},{runs[1]}", flag, *WHO]) == (0 if any(gone) else 2)
    for run, was, all_gone in zip(runs, before, gone, strict=True):
        check_run(run)
        assert (rows(run, "measurements/*.parquet") == []) is all_gone
        assert (files(run) == was) is not all_gone


def test_nothing_else_changes(run):
    id = places(run)["published"]
    before = files(run)
    assert main(["forget", f"--run={run}", f"--id={id}", *WHO]) == 0
    after = files(run)
    changed = {p for p in before.keys() | after.keys() if before.get(p) != after.get(p)}
    kinds = {p.split("/")[0] for p in changed}
    assert kinds == {"documents", "measurements", "rejects", "forgotten", "manifest.json", "report.html"}
    assert "forgotten" in (run / "report.html").read_text()
    kept = rows(run, "documents/*/*.parquet")
    assert id not in {r["id"] for r in kept} and kept


@pytest.mark.slow
def test_killed_anywhere_and_run_again_it_ends_the_same(run, monkeypatch, tmp_path, check_run):
    id = places(run)["released"]
    undisturbed = shutil.copytree(run, tmp_path / "undisturbed")
    argv = ["--id=" + id, *WHO]
    assert main(["forget", f"--run={undisturbed}", *argv]) == 0
    before, step = files(run), 0
    while True:
        folder = shutil.copytree(run, tmp_path / str(step))
        with killed_at(monkeypatch, step) as died:
            main(["forget", f"--run={folder}", *argv])
        if not died:
            break
        if not begun(files(folder)):
            assert at_rest(files(folder)) == before
        assert main(["forget", f"--run={folder}", *argv]) == 0
        assert files(folder) == files(undisturbed)
        shutil.rmtree(folder)
        step += 1
    check_run(undisturbed)
    assert step > 15


def test_again_is_done_already_and_nothing_found_is_an_error(run, capsys):
    id = places(run)["published"]
    assert main(["forget", f"--run={run}", f"--id={id}", *WHO]) == 0
    once = files(run)
    assert main(["forget", f"--run={run}", f"--id={id}", *WHO]) == 0
    assert files(run) == once
    capsys.readouterr()
    assert main(["forget", f"--run={run}", "--id=nobody's", *WHO]) == 2
    assert capsys.readouterr().err == "wellspring forget: no document there has that id\n"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--run=nowhere", "--id=a", *WHO], "nowhere is not a finished run"),
        (["--run=a", "--id=a", "--url=b", *WHO], "not allowed with argument"),
        (["--id=a", *WHO], "name what to take it out of: --run, --set, --anchor"),
        (["--anchor=gs://b/anchor", "--id=a", *WHO], "anchor sets lie on this machine"),
        (["--anchor=nowhere", "--id=a", *WHO], "is no anchor set"),
        (["--set=nowhere", "--id=a", *WHO], "nowhere is not a finished run"),
        (["--run=a", *WHO], "one of the arguments --id --url --domain is required"),
        (["--run=a", "--id=a", "--by=ann"], "required: --reason"),
    ],
)
def test_wrong_arguments_are_one_line(argv, message, capsys):
    assert main(["forget", *argv]) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1


def test_a_changed_file_is_not_written_over(run, capsys):
    id = places(run)["published"]
    path = next(run.glob("measurements/*.parquet"))
    path.write_bytes(path.read_bytes() + b"x")
    assert main(["forget", f"--run={run}", f"--id={id}", *WHO]) == 2
    assert "was changed" in capsys.readouterr().err
    assert not (run / "forgotten").exists()


@pytest.mark.slow
def test_the_next_run_rejects_what_was_forgotten(tmp_path, tiny_scorer, check_run):
    crawl, first, second = write_crawl(tmp_path / "crawl"), tmp_path / "first", tmp_path / "second"
    flags = [f"--scorer={tiny_scorer}", "--profile=seed", "--batch_documents=8"]
    assert main(["curate", f"--input={crawl}/*.gz", f"--output={first}", *flags]) == 0
    check_run(first)
    documents = rows(first, "documents/*/*.parquet")
    suffixed = next(r["id"] for r in documents if r["id"].startswith("same-"))
    for what in (f"--id={suffixed}", "--domain=library.example", f"--url={documents[0]['url']}"):
        assert main(["forget", f"--run={first}", what, *WHO]) == 0
    check_run(first)
    argv = [
        "curate",
        f"--input={crawl}/*.gz",
        f"--output={second}",
        f"--forgotten={first}/forgotten/*.json",
        *flags,
    ]
    assert main(argv) == 0
    check_run(second)
    one, two = manifest(first), manifest(second)
    assert {r["id"] for r in rows(second, "measurements/*.parquet")} <= {
        r["id"] for r in rows(first, "measurements/*.parquet")
    } | {"same"}
    assert two["records_read"] == one["records_read"]
    assert two["rejected"]["forgotten"] >= one["rejected"]["forgotten"] > 10
    assert not [r for r in rows(second, "documents/*/*.parquet") if "library.example" in str(r)]
    # and a folder with such records is not cleared for another run
    assert main(["curate", f"--input={crawl}/*.gz", f"--output={first}", "--overwrite", *flags]) == 2

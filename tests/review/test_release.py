"""Release: what is decided moves, exactly once, whatever dies in between."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.review.held_run import held_run
from wellspring.review.history import RELEASED, WAITING
from wellspring.review.queue import DecisionError, HoldQueue
from wellspring.review.release import release_decided
from wellspring.transforms.runs.finished_run import RunError
from wellspring.transforms.storage.storage import LocalStorage


@pytest.fixture
def decided(tmp_path: Path) -> Path:
    """Four held batches: one approved, one rejected, one rejected in part, one waiting."""
    run = held_run(tmp_path / "run", batches=4, documents=4)
    queue = HoldQueue(str(run))
    one, other, part, _ = ids(queue)
    queue.approve(one, by="ann")
    queue.reject(other, by="ben", reason="machine text")
    queue.reject(part, by="ben", reason="a copy", documents=[queue.documents(part)[1].id])
    return run


def ids(queue: HoldQueue) -> list[str]:
    return [entry.audit.batch_id for entry in queue.entries()]


def rows(run: Path, pattern: str) -> list[dict]:
    tables = [pq.read_table(p, partitioning=None) for p in sorted(run.glob(pattern))]
    return [row for table in tables for row in table.to_pylist()]


def content(run: Path) -> dict[str, bytes]:
    return {str(p.relative_to(run)): p.read_bytes() for p in run.rglob("*") if p.is_file()}


@pytest.mark.slow
def test_approved_documents_are_published_and_declined_ones_set_aside_with_who_and_why(decided, check_run):
    check_run(decided)
    queue = HoldQueue(str(decided))
    one, other, part, waiting = ids(queue)
    held = {d.id: d for batch in (one, other, part) for d in queue.documents(batch)}
    released = release_decided(queue, by="carla")
    check_run(decided)

    (release,) = released.releases
    counts = {b: (r.decision, r.documents, r.declined, r.by) for b, r in release.batches.items()}
    assert counts == {
        one: ("approve", 4, 0, "ann"),
        other: ("reject", 0, 4, "ben"),
        part: ("reject", 3, 1, "ben"),
    }
    assert (release.number, release.released_by) == (1, "carla")
    published = rows(decided, "documents/*/released-*.parquet")
    declined = rows(decided, "declined/*.parquet")
    assert {r["id"] for r in published} | {r["id"] for r in declined} == held.keys()
    assert len(published) == 7
    assert all(r["text"] == held[r["id"]].text for r in published + declined)
    assert {(r["decided_by"], r["decision_reason"]) for r in declined} == {
        ("ben", "machine text"),
        ("ben", "a copy"),
    }
    for path in decided.glob("documents/*/released-*.parquet"):
        ours = pq.read_table(path, partitioning=None)
        assert {held[i].provenance for i in ours["id"].to_pylist()} == {path.parent.name.split("=")[1]}
        part_0 = next(iter(decided.glob("documents/*/part-*.parquet")))
        assert ours.schema == pq.read_table(part_0, partitioning=None).schema
    assert [queue.entry(b).state for b in (one, waiting)] == [RELEASED, WAITING]


def test_run_twice_it_changes_nothing(decided):
    release_decided(HoldQueue(str(decided)), by="carla")
    before = content(decided)
    assert release_decided(HoldQueue(str(decided)), by="dora").releases == []
    assert content(decided) == before


def test_later_decisions_make_a_release_of_their_own(decided, check_run):
    queue = HoldQueue(str(decided))
    release_decided(queue, by="carla")
    queue.approve(ids(queue)[3], by="ann")
    (second,) = release_decided(queue, by="carla").releases
    assert (second.number, list(second.batches)) == (2, [ids(queue)[3]])
    check_run(decided)


def killed_after(creations: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From the call on, storage does so many creations and then dies, as if by SIGKILL."""
    create = LocalStorage.create
    left = [creations]

    def dying(self: LocalStorage, path: str, data: bytes) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        create(self, path, data)

    monkeypatch.setattr(LocalStorage, "create", dying)
    return lambda: monkeypatch.setattr(LocalStorage, "create", create)


@pytest.mark.parametrize("creations", range(8))
@pytest.mark.slow
def test_killed_anywhere_and_run_again_it_ends_the_same(decided, creations, monkeypatch, check_run, tmp_path):
    shutil.copytree(decided, tmp_path / "undisturbed")
    release_decided(HoldQueue(str(tmp_path / "undisturbed")), by="carla")
    revive = killed_after(creations, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        release_decided(HoldQueue(str(decided)), by="carla")
    revive()
    unfinished = rows(decided, "documents/*/part-*.parquet")
    release_decided(HoldQueue(str(decided)), by="carla")
    check_run(decided)
    assert rows(decided, "documents/*/part-*.parquet") == unfinished
    one, other = (
        {p: c for p, c in content(r).items() if p.endswith(".parquet")}
        for r in (decided, tmp_path / "undisturbed")
    )
    assert one == other
    assert content(decided).keys() == content(tmp_path / "undisturbed").keys()


def test_a_release_takes_what_it_planned_and_an_undo_that_came_first_wins(decided, monkeypatch, check_run):
    revive = killed_after(1, monkeypatch)  # the plan alone
    with pytest.raises(KeyboardInterrupt):
        release_decided(HoldQueue(str(decided)), by="carla")
    revive()
    queue = HoldQueue(str(decided))
    one, other, part, waiting = ids(queue)
    queue.undo(one, by="ann")
    queue.approve(waiting, by="ann")
    first, second = release_decided(queue, by="dora").releases
    assert (first.released_by, first.batches.keys()) == ("carla", {other, part})
    assert (second.released_by, second.batches.keys()) == ("dora", {waiting})
    assert queue.entry(one).state == WAITING
    check_run(decided)


def test_what_is_being_released_cannot_be_undone(decided, monkeypatch):
    revive = killed_after(5, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        release_decided(HoldQueue(str(decided)), by="carla")
    revive()
    queue = HoldQueue(str(decided))
    with pytest.raises(DecisionError, match="is in release 1: it can't be decided upon any more"):
        queue.undo(ids(queue)[0], by="ann")


def test_releases_at_the_same_time_end_as_one(decided, check_run):
    queues = [HoldQueue(str(decided)) for _ in range(4)]
    with ThreadPoolExecutor(len(queues)) as pool:
        list(pool.map(lambda queue: release_decided(queue, by="carla"), queues))
    assert [p.name for p in sorted((decided / "releases").iterdir())] == ["1.json", "1.plan"]
    check_run(decided)


def test_a_changed_batch_is_left_out_and_named(decided, check_run):
    queue = HoldQueue(str(decided))
    one = ids(queue)[0]
    path = decided / "hold" / f"batch={one}" / "documents.parquet"
    before = path.read_bytes()
    path.write_bytes(before[:-1])
    released = release_decided(queue, by="carla")
    assert len(released.releases[0].batches) == 2
    (problem,) = released.left_out
    assert one in problem and "was changed" in problem
    path.write_bytes(before)
    assert list(release_decided(queue, by="carla").releases[0].batches) == [one]
    check_run(decided)


def test_a_file_in_the_way_stops_the_release_before_it_counts(decided):
    stranger = decided / "declined" / "released-1-00000.parquet"
    stranger.parent.mkdir()
    stranger.write_bytes(b"mine")
    with pytest.raises(RunError, match="lies where this release has to write"):
        release_decided(HoldQueue(str(decided)), by="carla")
    assert not (decided / "releases" / "1.json").exists()
    stranger.unlink()
    release_decided(HoldQueue(str(decided)), by="carla")
    assert (decided / "releases" / "1.json").exists()


def test_files_are_filled_up_to_their_size(decided, monkeypatch, check_run):
    monkeypatch.setattr("wellspring.review.release._DOCUMENTS_PER_FILE", 5)
    release_decided(HoldQueue(str(decided)), by="carla")
    assert len(list(decided.glob("declined/released-1-*.parquet"))) == 2
    check_run(decided)

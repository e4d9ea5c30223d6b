"""The hold queue and its release in a bucket, with two reviewers at once and faults on the way."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.gcs import Fault
from tests.review.held_run import held_run
from wellspring.pipelines.cli import main
from wellspring.review.history import APPROVED
from wellspring.review.queue import DecisionError, HoldQueue
from wellspring.review.release import release_decided
from wellspring.transforms.storage.cloud_storage import CloudStorage


@pytest.fixture
def run(bucket, tmp_path: Path) -> str:
    folder = held_run(tmp_path / "run", batches=4, documents=4)
    for path in folder.rglob("*"):
        if path.is_file():
            bucket.put(f"runs/1/{path.relative_to(folder)}", path.read_bytes())
    return f"{bucket.url}/runs/1"


class _Every:
    """True for one of so many requests."""

    def __init__(self, period: int, offset: int) -> None:
        self._requests = itertools.count()
        self._period, self._offset = period, offset

    def __call__(self, request: object) -> bool:
        return next(self._requests) % self._period == self._offset


def ids(queue: HoldQueue) -> list[str]:
    return [entry.audit.batch_id for entry in queue.entries()]


def test_of_two_reviewers_at_once_the_first_wins_and_the_second_is_told(bucket, run, monkeypatch):
    ann, ben = HoldQueue(run), HoldQueue(run)
    batch = ids(ann)[0]
    # Both have looked and found it waiting before either of them writes.
    both, create = threading.Barrier(2, timeout=30), CloudStorage.create

    def create_together(storage: CloudStorage, path: str, content: bytes) -> None:
        both.wait()
        create(storage, path, content)

    monkeypatch.setattr(CloudStorage, "create", create_together)

    def decide(queue: HoldQueue, by: str) -> str:
        try:
            return queue.reject(batch, by=by, reason="spam").by
        except DecisionError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(decide, (ann, ben), ("ann", "ben")))
    (winner,) = [o for o in outcomes if o in ("ann", "ben")]
    (refusal,) = [o for o in outcomes if o != winner]
    assert refusal.startswith(f"batch {batch} was rejected by {winner} at 20")
    assert list(bucket.contents("runs/1/decisions/")) == [f"{batch}/1.json"]


@pytest.mark.slow
def test_a_release_in_a_bucket_survives_faults(bucket, run, check_run, tmp_path):
    queue = HoldQueue(run)
    one, other, part, _ = ids(queue)
    faults = [Fault(status=429), Fault(status=503), Fault(reset_before=True), Fault(reset_after=True)]
    injected = [
        # each on every twelfth request, three requests apart
        bucket.proxy.inject(fault, when=_Every(12, offset), times=1000)
        for offset, fault in zip(range(0, 12, 3), faults, strict=True)
    ]
    queue.approve(one, by="ann")
    queue.reject(other, by="ann", reason="spam")
    queue.reject(part, by="ann", reason="copies", documents=[queue.documents(part)[0].id])
    released = release_decided(queue, by="ann")
    assert all(injection.done >= 2 for injection in injected)
    bucket.proxy.forget()
    assert len(released.releases[0].batches) == 3
    check_run(bucket.download("runs/1", tmp_path / "downloaded"))
    assert release_decided(HoldQueue(run), by="ann").releases == []


def test_the_commands_work_on_a_bucket(run, capsys):
    batch = ids(HoldQueue(run))[0]
    assert main(["review", "approve", f"--run={run}", f"--batch={batch}", "--by=ann"]) == 0
    assert HoldQueue(run).entry(batch).state == APPROVED
    assert main(["review", "approve", f"--run={run}", f"--batch={batch}", "--by=ben"]) == 1
    assert "was approved by ann" in capsys.readouterr().err
    assert main(["release", f"--run={run}", "--by=ann"]) == 0
    assert main(["review", "list", "--run=gs://no-such-bucket/run"]) == 2

"""The hold queue: who decides first, what a changed batch is worth, and what people may say."""

import json
import threading

import pytest

from tests.review.held_run import held_run
from wellspring.review.history import APPROVED, BROKEN, REJECTED, WAITING
from wellspring.review.queue import DecisionError, HoldQueue, UnknownBatchError
from wellspring.transforms.runs.finished_run import RunError


@pytest.fixture
def run(tmp_path):
    return held_run(tmp_path / "run", batches=3, documents=4)


def ids(queue: HoldQueue) -> list[str]:
    return [entry.audit.batch_id for entry in queue.entries()]


def test_the_queue_has_every_held_batch_the_furthest_beyond_its_limit_first(run):
    queue = HoldQueue(str(run))
    beyond = [-2 * a.margin / (a.interval_high - a.interval_low) for a in (e.audit for e in queue.entries())]
    assert beyond == pytest.approx(sorted(beyond, reverse=True))
    assert {p.name for p in (run / "hold").iterdir()} == {f"batch={i}" for i in ids(queue)}
    assert {entry.state for entry in queue.entries()} == {WAITING}
    first = ids(queue)[0]
    assert queue.ticket(first).audit == queue.entry(first).audit
    assert [d.batch_id for d in queue.documents(first)] == [first] * 4


def test_a_decision_is_a_numbered_file_and_undo_is_the_next_one(run, check_run):
    queue = HoldQueue(str(run))
    batch = ids(queue)[0]
    queue.approve(batch, by="ann", reason=" read them all ")
    assert queue.entry(batch).state == APPROVED
    written = json.loads((run / "decisions" / batch / "1.json").read_text())
    assert (written["decision"], written["by"], written["reason"]) == ("approve", "ann", "read them all")
    queue.undo(batch, by="ben")
    assert queue.entry(batch).state == WAITING
    queue.reject(batch, by="ben", reason="spam")
    assert queue.entry(batch).state == REJECTED
    assert [d.decision for d in HoldQueue(str(run)).entry(batch).history] == ["approve", "undo", "reject"]
    check_run(run)


def test_some_documents_can_be_rejected_and_all_of_them_are_the_batch(run):
    queue = HoldQueue(str(run))
    one, other, _ = ids(queue)
    documents = [d.id for d in queue.documents(one)]
    decided = queue.reject(one, by="ann", reason="two are copies", documents=[documents[2], documents[0]])
    assert decided.documents == [documents[0], documents[2]]
    everything = [d.id for d in queue.documents(other)]
    assert queue.reject(other, by="ann", reason="all", documents=everything).documents is None
    for wrong, message in (([], "no document was chosen"), (["../x"], "has no document '../x'")):
        with pytest.raises(DecisionError, match=message):
            queue.reject(ids(queue)[2], by="ann", reason="spam", documents=wrong)


def test_the_second_reviewer_is_told_who_was_first(run):
    ann, ben = HoldQueue(str(run)), HoldQueue(str(run))
    batch = ids(ann)[0]
    ann.approve(batch, by="ann")
    with pytest.raises(DecisionError, match="was approved by ann at 20"):
        ben.reject(batch, by="ben", reason="spam", seen=0)
    ann.undo(batch, by="ann")
    with pytest.raises(DecisionError, match="was put back to waiting by ann"):
        ben.reject(batch, by="ben", reason="spam", seen=0)  # what ben saw is not what lies there
    assert ben.reject(batch, by="ben", reason="spam", seen=2).number == 3


def test_of_many_reviewers_at_once_one_decides(run):
    batch = ids(HoldQueue(str(run)))[0]
    queues = [HoldQueue(str(run)) for _ in range(8)]
    start = threading.Barrier(len(queues))
    outcomes: list[str] = []

    def decide(number: int, queue: HoldQueue) -> None:
        start.wait()
        try:
            outcomes.append(queue.approve(batch, by=f"reviewer {number}").by)
        except DecisionError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=decide, args=pair) for pair in enumerate(queues)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [outcome for outcome in outcomes if outcome.startswith("reviewer")]
    assert len(winners) == 1
    assert all(f"was approved by {winners[0]}" in o for o in outcomes if o not in winners)
    assert len(list((run / "decisions" / batch).iterdir())) == 1


@pytest.mark.parametrize("name", ["ticket.json", "documents.parquet"])
def test_nothing_is_decided_on_a_changed_batch(run, name):
    queue = HoldQueue(str(run))
    batch = ids(queue)[0]
    path = run / "hold" / f"batch={batch}" / name
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    with pytest.raises(DecisionError, match=f"{name} was changed"):
        queue.approve(batch, by="ann")
    with pytest.raises(RunError, match=f"{name} was changed"):
        queue.ticket(batch) if name == "ticket.json" else queue.documents(batch)
    path.unlink()
    with pytest.raises(DecisionError, match=f"{name} is gone"):
        queue.approve(batch, by="ann")
    assert not (run / "decisions").exists()
    queue.approve(ids(queue)[1], by="ann")


def test_a_decision_file_changed_by_hand_makes_its_batch_broken_and_no_other(run):
    queue = HoldQueue(str(run))
    one, other, _ = ids(queue)
    queue.approve(one, by="ann")
    queue.approve(other, by="ann")
    path = run / "decisions" / one / "1.json"
    path.write_text(path.read_text().replace("approve", "publish"))
    queue = HoldQueue(str(run))
    assert queue.entry(one).state == BROKEN
    assert "'publish' can't follow nothing" in queue.entry(one).problem
    assert queue.entry(other).state == APPROVED
    with pytest.raises(DecisionError, match="is broken"):
        queue.undo(one, by="ann")


@pytest.mark.parametrize(
    ("decide", "message"),
    [
        (lambda q, b: q.approve(b, by=" "), "needs the name of who makes it"),
        (lambda q, b: q.approve(b, by="x" * 201), "needs the name of who makes it"),
        (lambda q, b: q.approve(b, by="ann", reason="x" * 2001), "the reason has 2001 characters"),
        (lambda q, b: q.reject(b, by="ann", reason=" "), "a rejection needs a reason"),
        (lambda q, b: q.undo(b, by="ann"), "there is nothing to undo"),
    ],
)
def test_what_a_decision_needs(run, decide, message):
    queue = HoldQueue(str(run))
    with pytest.raises(DecisionError, match=message):
        decide(queue, ids(queue)[0])
    assert not (run / "decisions").exists()


def test_an_id_that_the_run_does_not_hold_is_never_a_path(run):
    queue = HoldQueue(str(run))
    for name in ("../../etc", "f" * 32, ""):
        with pytest.raises(UnknownBatchError):
            queue.approve(name, by="ann")
    assert not (run / "decisions").exists()


def test_what_others_decide_is_seen_after_a_refresh(run):
    ann, ben = HoldQueue(str(run)), HoldQueue(str(run))
    batch = ids(ann)[0]
    ann.approve(batch, by="ann")
    assert ben.entry(batch).state == WAITING
    ben.refresh()
    assert ben.entry(batch).state == APPROVED

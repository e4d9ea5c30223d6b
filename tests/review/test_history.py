import msgspec
import pytest

from wellspring.review.history import (
    APPROVED,
    REJECTED,
    RELEASED,
    RELEASING,
    WAITING,
    HistoryError,
    decision_files,
    read_history,
    settled_by,
    state_of,
)
from wellspring.schemas.decision import Decision

BATCH = "0123456789abcdef" * 2


def history_of(*steps: str, **changed: object) -> dict[int, bytes]:
    return {
        number: msgspec.json.encode(
            Decision(
                **({"batch_id": BATCH, "number": number} | changed),
                decision=step,
                by="ann",
                at="2026-11-24T10:00:00+00:00",
                ticket_sha256="0" * 64,
            )
        )
        for number, step in enumerate(steps, start=1)
    }


@pytest.mark.parametrize(
    ("steps", "state", "in_force"),
    [
        ((), WAITING, None),
        (("approve",), APPROVED, 1),
        (("reject",), REJECTED, 1),
        (("approve", "undo"), WAITING, None),
        (("approve", "undo", "reject"), REJECTED, 3),
        (("reject", "release"), RELEASING, 1),
    ],
)
def test_the_last_decision_counts(steps, state, in_force):
    history = read_history(BATCH, history_of(*steps))
    assert state_of(history, released=False) == state
    assert state_of(history, released=True) == RELEASED
    settled = settled_by(history)
    assert (settled and settled.number) == in_force


@pytest.mark.parametrize(
    "steps",
    [
        ("undo",),
        ("release",),
        ("approve", "reject"),
        ("approve", "undo", "undo"),
        ("reject", "release", "undo"),
    ],
)
def test_steps_that_cannot_follow_each_other_are_broken(steps):
    with pytest.raises(HistoryError, match="can't follow"):
        read_history(BATCH, history_of(*steps))


def test_a_gap_another_batch_and_rubbish_are_broken():
    steps = history_of("approve", "undo", "reject")
    with pytest.raises(HistoryError, match="decision 2 is missing"):
        read_history(BATCH, {n: c for n, c in steps.items() if n != 2})
    with pytest.raises(HistoryError, match="is of batch ffff"):
        read_history(BATCH, history_of("approve", batch_id="f" * 32))
    with pytest.raises(HistoryError, match="1.json can't be read"):
        read_history(BATCH, {1: b'{"by": "ann"}'})


def test_only_names_of_our_own_form_are_decisions():
    other = [
        f"decisions/{BATCH}/01.json",
        f"decisions/{BATCH}/1.txt",
        "decisions/x/1.json",
        "decisions/1.json",
    ]
    found = decision_files([f"decisions/{BATCH}/10.json", f"decisions/{BATCH}/2.json", *other])
    assert found == {BATCH: [2, 10]}

"""A held batch's history: its numbered decision files, and the state that follows from them."""

import re
from collections.abc import Mapping, Sequence

import msgspec

from wellspring.schemas.decision import APPROVE, REJECT, RELEASE, UNDO, Decision

WAITING = "waiting"
APPROVED = "approved"
REJECTED = "rejected"
RELEASING = "releasing"
RELEASED = "released"
BROKEN = "broken"
STATES = (WAITING, APPROVED, REJECTED, RELEASING, RELEASED, BROKEN)

_PATH = re.compile(r"decisions/(?P<batch>[0-9a-f]{32})/(?P<number>[1-9][0-9]{0,5})\.json")
_AFTER = {
    None: {APPROVE, REJECT},
    APPROVE: {UNDO, RELEASE},
    REJECT: {UNDO, RELEASE},
    UNDO: {APPROVE, REJECT},
    RELEASE: set[str](),
}


class HistoryError(ValueError):
    """Decision files that don't fit together: somebody changed or removed one by hand."""


def decision_path(batch_id: str, number: int) -> str:
    """Where a decision lies in the run; the batch id is our own hash."""
    return f"decisions/{batch_id}/{number}.json"


def decision_files(paths: Sequence[str]) -> dict[str, list[int]]:
    """The numbers of each batch's decision files, sorted; names of any other form are not decisions."""
    found: dict[str, list[int]] = {}
    for path in paths:
        if match := _PATH.fullmatch(path):
            found.setdefault(match["batch"], []).append(int(match["number"]))
    return {batch: sorted(numbers) for batch, numbers in found.items()}


def read_history(batch_id: str, contents: Mapping[int, bytes]) -> list[Decision]:
    """The decisions of a batch, by number.

    Raises:
        HistoryError: a file can't be read, is another batch's, or can't follow the one before it.
    """
    history: list[Decision] = []
    before: str | None = None
    for expected, number in enumerate(sorted(contents), start=1):
        path = decision_path(batch_id, number)
        if number != expected:
            raise HistoryError(f"{path}: decision {expected} is missing before it")
        try:
            decision = msgspec.json.decode(contents[number], type=Decision)
        except msgspec.DecodeError as error:
            raise HistoryError(f"{path} can't be read: {error}") from error
        if decision.batch_id != batch_id or decision.number != number:
            raise HistoryError(f"{path} is of batch {decision.batch_id[:32]}, number {decision.number}")
        if decision.decision not in _AFTER[before]:
            raise HistoryError(f"{path}: {decision.decision[:20]!r} can't follow {before or 'nothing'}")
        before = decision.decision
        history.append(decision)
    return history


def settled_by(history: Sequence[Decision]) -> Decision | None:
    """The approval or rejection in force: the last one, unless it was undone."""
    last = [d for d in history if d.decision != RELEASE][-1:]
    return last[0] if last and last[0].decision != UNDO else None


def state_of(history: Sequence[Decision], *, released: bool) -> str:
    """Waiting, approved, rejected, releasing (claimed by a release that isn't finished) or released."""
    if released:
        return RELEASED
    if history and history[-1].decision == RELEASE:
        return RELEASING
    settled = settled_by(history)
    if settled is None:
        return WAITING
    return APPROVED if settled.decision == APPROVE else REJECTED

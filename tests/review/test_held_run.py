from collections.abc import Callable
from pathlib import Path

import pytest

from tests.review.held_run import held_run
from wellspring.review.history import WAITING
from wellspring.review.queue import HoldQueue
from wellspring.signals.lm.surprisal_levels import surprisals_of


@pytest.mark.parametrize("scored", [True, False])
@pytest.mark.slow
def test_is_true_to_the_contract_and_opens_as_a_queue(
    tmp_path: Path, check_run: Callable[..., None], scored: bool
) -> None:
    run = held_run(tmp_path / "run", batches=3, documents=5, texts=["", "<b>first</b>"], scored=scored)

    check_run(run)
    queue = HoldQueue(str(run))
    entries = queue.entries()
    assert [entry.state for entry in entries] == [WAITING] * 3
    first = next(e for e in entries if e.audit.batch_id == queue.audits[2].batch_id)
    assert queue.ticket(first.audit.batch_id).margin == pytest.approx(-(first.audit.margin or 0))
    documents = queue.documents(first.audit.batch_id)
    assert [document.text for document in documents[:2]] == ["", "<b>first</b>"]
    assert (documents[3].token_surprisals is not None) == scored
    if scored:
        last = documents[3]
        assert last.token_ends is not None and last.token_surprisals is not None
        assert len(surprisals_of(last.token_surprisals)) == len(last.token_ends) // 4 == last.token_count


def test_the_same_arguments_make_the_same_bytes(tmp_path: Path, check_run: Callable[..., None]) -> None:
    one = held_run(tmp_path / "one" / "run", sources=("a", "b"))
    two = held_run(tmp_path / "two" / "run", sources=("a", "b"))

    check_run(one, two)
    assert (one / "manifest.json").read_bytes() == (two / "manifest.json").read_bytes()

import re
from pathlib import Path

import msgspec
import pytest

from tests.review.held_run import held_run
from wellspring.review.batch_page import (
    group_numbers,
    neighbours_of,
    ordered_places,
    score_chart,
    signal_rows,
    time_charts,
    why_held,
)
from wellspring.review.queue import HoldQueue
from wellspring.review.served_runs import ServedRuns
from wellspring.schemas.audit import SIGNALS, Audit


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> HoldQueue:
    folder = tmp_path_factory.mktemp("batch") / "run"
    return HoldQueue(str(held_run(folder, batches=40, passed=30, documents=2, words=6)))


def _held(queue: HoldQueue) -> Audit:
    return next(audit for audit in queue.audits if audit.held)


def test_neighbours_are_those_next_to_it_in_time(queue: HoldQueue) -> None:
    stratum = sorted(queue.audits, key=lambda a: (a.window_start or "", a.batch_id))
    for at in (0, 35, 69):
        around = neighbours_of(stratum[at], stratum)
        assert stratum[at] in around.audits and len(around.audits) <= 61
        assert around.before == (stratum[at - 1] if at else None)
        assert around.after == (stratum[at + 1] if at < 69 else None)


@pytest.mark.parametrize(
    ("direction", "low", "high", "words"),
    [
        ("above", 6.6, 6.8, "whole 95% interval lies beyond"),
        ("above", 6.4, 7.0, "reaches back across"),
        ("above", None, None, "Too few documents"),
        ("below", 5.9, 6.1, "whole 95% interval lies beyond"),
        ("below", 5.9, 6.9, "reaches back across"),
    ],
)
def test_why_says_how_firm_it_is(
    queue: HoldQueue, direction: str, low: float | None, high: float | None, words: str
) -> None:
    value = 6.7 if direction == "above" else 6.0
    audit = msgspec.structs.replace(
        _held(queue), direction=direction, value=value, interval_low=low, interval_high=high
    )
    why = why_held(audit, queue.audits)
    assert words in why.certainty
    assert f"{direction} the limit of 6.534 by {abs(value - 6.534):.3f}" in why.comparison
    assert str(why.chart).count('class="other"') == 30


def test_whose_limit_it_was(queue: HoldQueue) -> None:
    audit = _held(queue)
    assert "language en" in why_held(audit, []).basis and "none of its own" in why_held(audit, []).basis
    own = msgspec.structs.replace(audit, own_baseline=True)
    assert "this very source" in why_held(own, []).basis


def test_every_signal_is_there_the_deciding_one_first(queue: HoldQueue) -> None:
    audit = _held(queue)
    rows = signal_rows(audit, queue.audits)
    assert rows[0].decides and rows[0].name == audit.signal
    assert sorted(row.name for row in rows) == sorted(SIGNALS)
    assert [row.value for row in rows] == [getattr(audit, row.name) for row in rows]
    without = msgspec.structs.replace(audit, curvature=None, curvature_low=None, curvature_high=None)
    (curvature,) = (row for row in signal_rows(without, []) if row.name == "curvature")
    assert curvature.value is None and curvature.others is None and curvature.strip == ""


def test_charts_over_time_mark_each_batch_and_the_limit(queue: HoldQueue) -> None:
    audit = _held(queue)
    charts = time_charts(audit, queue.audits)
    assert len(charts) == 2
    for (caption, chart), limit in zip(charts, ("limit 6.534", "floor 3.2"), strict=True):
        assert str(chart).count('<circle class="passed"') == 30
        assert str(chart).count('<circle class="held"') == 39
        assert str(chart).count('<path class="this"') == 1
        assert limit in chart and ("decides" in caption) == (limit == "limit 6.534")
        places = [float(x) for x in re.findall(r'x[12]?="(-?[\d.]+)%"', str(chart))]
        assert all(0 <= x <= 100 for x in places)


def test_near_duplicates_stand_together_when_asked(tmp_path: Path) -> None:
    text = " ".join(f"word{n}" for n in range(60))
    run = held_run(
        tmp_path / "run", batches=1, documents=6, texts=[text, "short", f"{text} more", "x " * 9, text]
    )
    runs = ServedRuns([str(run)])
    (queue,) = runs.queues.values()
    (entry,) = queue.entries()
    batch = runs.batch(queue, entry.audit.batch_id)
    assert batch.groups.result(timeout=60) == [[0, 2, 4]]
    groups = group_numbers(batch)
    assert groups == {0: 1, 2: 1, 4: 1}
    assert set(ordered_places(batch, groups, "groups")[:3]) == {0, 2, 4}
    assert ordered_places(batch, groups, "suspicion") == batch.by_suspicion
    assert sorted(batch.by_suspicion) == list(range(6))
    runs.stop()


def test_the_histogram_counts_every_document_once(tmp_path: Path) -> None:
    run = held_run(tmp_path / "run", batches=1, documents=80, words=5)
    runs = ServedRuns([str(run)])
    (queue,) = runs.queues.values()
    batch = runs.batch(queue, queue.entries()[0].audit.batch_id)
    chart, undecided = score_chart(batch)
    counts = [int(n) for n in re.findall(r": (\d+) documents", str(chart))]
    assert len(counts) == 20 and sum(counts) + undecided == 80
    assert undecided == sum(d.probability is None for d in batch.documents) > 0
    runs.stop()

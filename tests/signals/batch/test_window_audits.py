import pytest

from tests.pipelines.run_pictures import audit
from wellspring.schemas.profile import Gate, Limit
from wellspring.signals.batch.window_audits import Window, audit_windows, is_watched
from wellspring.signals.batch.window_sums import window_sums

STRATUM = '{"source":"wiki","language":"en"}'
GATE = Gate(signal="surprisal_spread", direction="below")
OWN = Gate(
    signal="surprisal_spread",
    direction="below",
    strata={STRATUM: Limit(limit=2.4, batches=50, mean=2.6, spread=0.06)},
)


def windows(values):
    return [
        Window(
            f"2026-{1 + i // 28:02}-{1 + i % 28:02}",
            None,
            window_sums(audit(value=value, interval_low=value - 0.09, interval_high=value + 0.09)),
        )
        for i, value in enumerate(values)
    ]


def test_arrival_does_not_matter_the_windows_do():
    made = windows([2.6 + 0.05 * (-1) ** i for i in range(20)])
    assert audit_windows(STRATUM, made, GATE, 1) == audit_windows(STRATUM, made[::-1], GATE, 1)


def test_a_limit_of_its_own_is_the_baseline_and_every_window_is_watched():
    rows = audit_windows(STRATUM, windows([2.6, 2.6, *[2.2] * 6]), OWN, 1)
    assert {row.basis for row in rows} == {"profile: 50 batches of its own"}
    assert {row.baseline for row in rows} == {2.6}
    assert all(row.cusum is not None for row in rows)
    alarm = next(row for row in rows if row.alarm)
    assert alarm.since == "2026-01-03"
    assert alarm.z > 1
    assert (alarm.source, alarm.language) == ("wiki", "en")


def test_without_one_the_first_windows_are():
    made = windows([2.6, 2.62, 2.58, 2.61, 2.6, 2.59, 2.6, 2.61, *[2.0] * 8])
    rows = audit_windows(STRATUM, made, GATE, 1)
    assert [row.basis for row in rows[:8]] == ["baseline: the first 8 windows of this run"] * 8
    assert all(row.cusum is None and not row.alarm for row in rows[:8])
    assert rows[8].basis == "the first 8 windows of this run"
    assert rows[8].since == made[8].start
    assert any(row.alarm for row in rows)
    assert is_watched(STRATUM, made, GATE)


def test_a_short_series_is_measured_and_not_watched():
    made = windows([2.6] * 9)
    rows = audit_windows(STRATUM, made, GATE, 1)
    assert not is_watched(STRATUM, made, GATE)
    assert {row.cusum for row in rows} == {None}
    assert rows[0].basis.startswith("none: no limit of its own")
    assert rows[0].value == pytest.approx(2.6)
    assert is_watched(STRATUM, made, OWN)


def test_every_measured_signal_is_in_the_row():
    made = windows([2.6])
    (row,) = audit_windows(STRATUM, made, OWN, 1)
    assert [signal.signal for signal in row.signals] == []
    sums = window_sums(audit(curvature=1.0, curvature_low=0.5, curvature_high=1.5))
    (row,) = audit_windows(STRATUM, [Window("2026-01-01", None, sums)], OWN, 1)
    (curvature,) = row.signals
    assert (curvature.signal, curvature.value) == ("curvature", 1.0)
    assert curvature.low == pytest.approx(0.5)

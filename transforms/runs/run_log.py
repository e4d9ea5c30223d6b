"""What a run says of itself in a service's log: one line of JSON an event, with the run's folder as its id.

`deploy/terraform/alerts.tf` reads figures from the line `run_finished` by regular expressions: keys and
the form of numbers are its contract. No text, url or document id is ever in a line.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from wellspring.schemas.manifest import Manifest

RUN_STARTED, RUN_FINISHED = "run_started", "run_finished"
# Reasons to reject that say nothing of the input's health.
_EXPECTED_REJECTS = frozenset({"duplicate"})
_logger = logging.getLogger("wellspring")


def log_event(event: str, run: str, **figures: object) -> None:
    """Writes the line; figures without a value are left out."""
    line = {"event": event, "run": run, **{k: v for k, v in figures.items() if v is not None}}
    _logger.info("%s", msgspec.json.encode(line).decode())


def figures_of_run(manifest: Manifest, flagged: int, windows: Iterable[str]) -> dict[str, object]:
    """What the line at a run's end says.

    Args:
        flagged: batches beyond their limit, whether the gate holds them or only watches.
        windows: starts of the crawl windows of all batches, ISO dates; empty for no date.
    """
    rejected = sum(n for reason, n in manifest.rejected.items() if reason not in _EXPECTED_REJECTS)
    return {
        "records_read": manifest.records_read,
        "tokens": manifest.tokens,
        "batches": manifest.batches,
        "batches_held": manifest.batches_held,
        "held_share": _share(flagged, manifest.batches),
        "rejected_share": _share(rejected, manifest.records_read),
        "files_damaged": len(manifest.files_damaged),
        "data_age_hours": _age_hours(manifest, windows),
        "seconds": seconds_between(manifest.started, manifest.finished),
        "scoring_seconds": round(sum(manifest.cost.scoring_seconds.values()), 1) if manifest.cost else None,
        "profile": manifest.profile,
        "gate": manifest.gate,
    }


def _share(part: int, whole: int) -> float:
    # Four digits: a smaller share would be written with an exponent, which the alerts' pattern doesn't read.
    return round(part / whole, 4) if whole else 0.0


def _age_hours(manifest: Manifest, windows: Iterable[str]) -> float | None:
    """Hours from the end of the newest window to the end of the run, >= 0; None without a date."""
    newest = max((window for window in windows if window), default=None)
    if newest is None:
        return None
    finished, start = datetime.fromisoformat(manifest.finished), datetime.fromisoformat(newest)
    # The window's end itself may lie beyond the calendar.
    since_start = finished - start.replace(tzinfo=start.tzinfo or finished.tzinfo)
    return max(0.0, round(since_start / timedelta(hours=1) - 24 * manifest.window_days, 1))


def seconds_between(started: str, finished: str) -> float:
    """Of two ISO times; below 0 where clocks disagree."""
    return (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()

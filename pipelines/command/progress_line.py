"""A line that says how far a local run has come."""

import sys
import threading
import time
from collections import Counter
from types import TracebackType
from typing import TextIO

from wellspring.transforms.beam.progress import Progress

_EVERY_SECONDS_ON_A_TERMINAL = 1.0
_EVERY_SECONDS_ELSEWHERE = 10.0


class ProgressLine:
    """Prints the progress of a run while the runner blocks; a context manager.

    Args:
        input_bytes: size of the input where it is known, for the time that reading still takes.
    """

    def __init__(self, progress: Progress, input_bytes: int | None, stream: TextIO | None = None) -> None:
        self._progress = progress
        self._input_bytes = input_bytes
        # Looked up now: the error output of the import's time may have been closed since.
        self._stream = stream or sys.stderr
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._print_until_stopped, daemon=True)

    def __enter__(self) -> "ProgressLine":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        if self._stream.isatty():
            self._stream.write("\r\033[K")

    def _print_until_stopped(self) -> None:
        terminal = self._stream.isatty()
        every = _EVERY_SECONDS_ON_A_TERMINAL if terminal else _EVERY_SECONDS_ELSEWHERE
        first_seen: dict[str, float] = {}
        while not self._stop.wait(every):
            totals = self._progress.totals()
            now = time.monotonic()
            for stage in totals:
                first_seen.setdefault(stage, now - every)
            line = progress_text(totals, {s: now - t for s, t in first_seen.items()}, self._input_bytes)
            self._stream.write(f"\r\033[K{line}" if terminal else f"{line}\n")
            self._stream.flush()


def progress_text(totals: dict[str, Counter[str]], seconds: dict[str, float], input_bytes: int | None) -> str:
    """The stage that is under way, its counts and rate, and the time left where it can be told.

    Args:
        totals: stage -> counts; stages are read, measured and scored, in that order.
        seconds: how long each stage has been going.
    """
    if "scored" in totals:
        stage, done, of = "scoring", totals["scored"]["documents"], totals["measured"]["documents"]
        rate = f", {totals['scored']['tokens'] / seconds['scored']:,.0f} tokens/s"
        left = _time_left(done, of, seconds["scored"])
        return f"{stage}: {done:,} of {of:,} documents, {totals['scored']['tokens']:,} tokens{rate}{left}"
    if "measured" in totals:
        done, of = totals["measured"]["documents"], totals["read"]["documents"]
        left = _time_left(done, of, seconds["measured"])
        return f"measuring: {done:,} of {of:,} documents, {totals['measured']['tokens']:,} tokens{left}"
    if "read" in totals:
        read = totals["read"]
        share = f", {min(1.0, read['bytes'] / input_bytes):.0%} of the input" if input_bytes else ""
        left = _time_left(read["bytes"], input_bytes, seconds["read"]) if input_bytes else ""
        return f"reading: {read['documents']:,} documents{share}{left}"
    return "starting"


def _time_left(done: int, of: int, seconds: float) -> str:
    if done <= 0 or of <= done:
        return ""
    left = int(seconds * (of - done) / done)
    return f", about {left // 60}:{left % 60:02d} left in this step"

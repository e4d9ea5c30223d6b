"""Jobs compared by what more input costs them, so that what a run pays once is left out."""

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.child import Cost, run_in_child
from benchmarks.corpus import Corpus, write_wet

THIRD, WHOLE = "third", "whole"


class Slopes(NamedTuple):
    """Costs by (job, size) of each turn, and the input of both sizes."""

    turns: list[dict[tuple[str, str], Cost]]
    corpora: dict[str, Corpus]

    def seconds_a_byte(self, job: str) -> list[float]:
        """CPU seconds for one more byte of text, a value a turn."""
        extra = self.corpora[WHOLE].text_bytes - self.corpora[THIRD].text_bytes
        return [(turn[job, WHOLE].cpu - turn[job, THIRD].cpu) / extra for turn in self.turns]

    def ratios(self, job: str, other: str) -> list[float]:
        """How many times the CPU time of `other` a job takes, a value a turn."""
        pairs = zip(self.seconds_a_byte(job), self.seconds_a_byte(other), strict=True)
        return [a / b for a, b in pairs]

    def whole_ratios(self, job: str, other: str) -> list[float]:
        """The same for the whole input and all that a run pays once but its imports: higher for the
        job with the longer start, and steadier where other work slows the machine by turns."""
        return [turn[job, WHOLE].cpu / turn[other, WHOLE].cpu for turn in self.turns]

    def value(self, job: str) -> Any:
        """What the job returned for the whole input."""
        return self.turns[-1][job, WHOLE].value

    def facts(self, jobs: Mapping[str, str]) -> dict[str, Any]:
        """For a result: cost a KB of text, seconds that are paid once, seconds of each run."""
        once = {}
        for job in jobs:
            slopes = self.seconds_a_byte(job)
            size = self.corpora[WHOLE].text_bytes
            rests = (t[job, WHOLE].cpu - s * size for t, s in zip(self.turns, slopes, strict=True))
            once[job] = round(statistics.median(rests), 2)
        return {
            "microseconds_per_kb_of_text": {
                job: round(statistics.median(self.seconds_a_byte(job)) * 1024e6, 1) for job in jobs
            },
            "seconds_paid_once": once,
            "cpu_seconds": {
                f"{job}, {size}": round(statistics.median(t[job, size].cpu for t in self.turns), 2)
                for job in jobs
                for size in self.corpora
            },
            "input": self.corpora[WHOLE].facts(),
            "runs": len(self.turns),
        }


def take_turns(jobs: Mapping[str, str], folder: Path, text_bytes: int, runs: int) -> Slopes:
    """Runs the jobs in turn on WET files of a third of `text_bytes` and of the whole, `runs` times.

    Args:
        jobs: name -> `benchmarks.module:function` of (files, output folder).
    """
    corpora = {
        THIRD: write_wet(folder / THIRD, text_bytes // 3),
        WHOLE: write_wet(folder / WHOLE, text_bytes),
    }
    turns = [
        {
            (job, size): run_in_child(
                function, [str(path) for path in corpus.files], str(folder / f"{job}-{size}-{number}")
            )
            for size, corpus in corpora.items()
            for job, function in jobs.items()
        }
        for number in range(runs)
    ]
    return Slopes(turns, corpora)

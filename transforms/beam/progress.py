"""How far a local run has come: workers append to files, the launcher adds them up.

The local runner blocks until the end and shows no metrics before; on a service its own page does
this, and no file is written.
"""

import os
from collections import Counter
from pathlib import Path

import msgspec


class Progress:
    """Counts by stage, appended to one small file a process in a folder of the launcher's.

    Counts are for a person to look at: a retried bundle is counted again.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def add(self, stage: str, **counts: int) -> None:
        """Adds to the counts of a stage, such as `add("read", bytes=1_000, documents=12)`."""
        line = msgspec.json.encode((stage, counts)) + b"\n"
        # One write of a short line in append mode: lines of several threads do not mix.
        with (Path(self._folder) / f"{os.getpid()}.jsonl").open("ab", buffering=0) as file:
            file.write(line)

    def totals(self) -> dict[str, Counter[str]]:
        """Stage -> what -> count, over all processes so far."""
        totals: dict[str, Counter[str]] = {}
        for path in Path(self._folder).glob("*.jsonl"):
            for line in path.read_bytes().splitlines():
                stage, counts = msgspec.json.decode(line, type=tuple[str, dict[str, int]])
                totals.setdefault(stage, Counter()).update(counts)
        return totals

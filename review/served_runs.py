"""The runs that a page serves: their queues kept fresh in the background, checked tickets, read batches."""

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wellspring.review.queue import Entry, HoldQueue
from wellspring.review.queue_page import Held
from wellspring.schemas.audit import Audit
from wellspring.schemas.document import HeldDocument
from wellspring.signals.matching.duplicate_groups import duplicate_groups
from wellspring.transforms.runs.finished_run import RunError

_BATCHES_KEPT = 6
_CHECKED_FOR = 60.0  # seconds that a ticket found whole is taken to be; a decision checks it again
_CHECKS_AT_ONCE = 8  # over a network each of them is a wait


class HeldBatch(NamedTuple):
    """A held batch as its pages use it."""

    documents: list[HeldDocument]
    by_suspicion: list[int]
    """Places in `documents`: the most probably synthetic first, those without a probability last, by id."""
    levels: NDArray[np.int64]
    """How many tokens of the batch have each surprisal level; [256]."""
    groups: "Future[list[list[int]]]"
    """Near-duplicates, by place; being found in the background."""


class ServedRuns:
    """Reads what people decided every few seconds, never while somebody waits for a page.

    Args:
        folders: of the finished runs.

    Raises:
        RunError: one of them is no finished run.
    """

    def __init__(self, folders: Sequence[str], *, refresh_seconds: float = 5.0) -> None:
        self.queues = {queue.key: queue for queue in map(HoldQueue, folders)}
        self.refreshed = time.time()
        """When all decisions were last read, in seconds since 1970."""
        self.problem = ""
        """Why they could not be read since."""
        self.neighbours = {key: _by_stratum(queue.audits) for key, queue in self.queues.items()}
        """All audits of each run by stratum, in the order of their windows."""
        self._refresh_seconds = refresh_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep_fresh, name="review-refresh", daemon=True)
        self._checks = ThreadPoolExecutor(_CHECKS_AT_ONCE, thread_name_prefix="review-check")
        self._grouping = ThreadPoolExecutor(1, thread_name_prefix="review-groups")
        self._checked: dict[tuple[str, str], float] = {}
        self._batches: OrderedDict[tuple[str, str], HeldBatch] = OrderedDict()
        self._held: tuple[list[int], Held] = ([], Held([]))
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begins to refresh."""
        self._thread.start()

    def stop(self) -> None:
        """Ends refreshing and whatever is being computed."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._checks.shutdown(cancel_futures=True)
        self._grouping.shutdown(cancel_futures=True)

    def _keep_fresh(self) -> None:
        while not self._stop.wait(self._refresh_seconds):
            try:
                for queue in self.queues.values():
                    queue.refresh()
            except (RunError, OSError) as error:
                # The pages go on with what was read before, and say so.
                self.problem = str(error)
            else:
                self.refreshed, self.problem = time.time(), ""

    def held(self) -> Held:
        """Every held batch of every run, as decided by now."""
        versions = [queue.version for queue in self.queues.values()]
        if versions != self._held[0]:
            rows = [(queue, entry) for queue in self.queues.values() for entry in queue.entries()]
            self._held = (versions, Held(rows))
        return self._held[1]

    def problems(self, rows: Sequence[tuple[HoldQueue, Entry]]) -> list[str | None]:
        """What is wrong with each of these batches: its decisions don't fit, or its ticket was changed."""
        unknown = [row for row in rows if row[1].problem is None and not self._lately_whole(row)]
        found = {
            (queue.key, entry.audit.batch_id): problem
            for (queue, entry), problem in zip(unknown, self._checks.map(self._check, unknown), strict=True)
        }
        return [entry.problem or found.get((queue.key, entry.audit.batch_id)) for queue, entry in rows]

    def _lately_whole(self, row: tuple[HoldQueue, Entry]) -> bool:
        queue, entry = row
        checked = self._checked.get((queue.key, entry.audit.batch_id))
        return checked is not None and time.monotonic() - checked < _CHECKED_FOR

    def _check(self, row: tuple[HoldQueue, Entry]) -> str | None:
        queue, entry = row
        try:
            queue.ticket(entry.audit.batch_id)
        except RunError as error:
            return str(error)
        self._checked[queue.key, entry.audit.batch_id] = time.monotonic()
        return None

    def batch(self, queue: HoldQueue, batch_id: str) -> HeldBatch:
        """The documents of a held batch; the last few batches are kept.

        Raises:
            UnknownBatchError, RunError: see `HoldQueue.documents`.
        """
        place = (queue.key, batch_id)
        with self._lock:
            if place in self._batches:
                self._batches.move_to_end(place)
                return self._batches[place]
        batch = self._read(queue, batch_id)
        with self._lock:
            self._batches[place] = batch
            while len(self._batches) > _BATCHES_KEPT:
                self._batches.popitem(last=False)[1].groups.cancel()
        return batch

    def _read(self, queue: HoldQueue, batch_id: str) -> HeldBatch:
        documents = queue.documents(batch_id)
        scores = [document.probability for document in documents]
        order = sorted(
            range(len(documents)),
            key=lambda at: (scores[at] is None, -(scores[at] or 0.0), documents[at].id),
        )
        levels = np.zeros(256, dtype=np.int64)
        for document in documents:
            if document.token_surprisals:
                levels += np.bincount(np.frombuffer(document.token_surprisals, dtype=np.uint8), minlength=256)
        groups = self._grouping.submit(duplicate_groups, [document.text for document in documents])
        return HeldBatch(documents, order, levels, groups)


def _by_stratum(audits: Sequence[Audit]) -> dict[str, list[Audit]]:
    strata: dict[str, list[Audit]] = {}
    for audit in sorted(audits, key=lambda a: (a.window_start is None, a.window_start or "", a.batch_id)):
        strata.setdefault(audit.stratum, []).append(audit)
    return strata

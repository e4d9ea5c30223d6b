"""The hold queue of a run: what waits, what people decided, and deciding."""

import threading
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from wellspring.review.history import (
    BROKEN,
    RELEASED,
    RELEASING,
    WAITING,
    HistoryError,
    decision_files,
    decision_path,
    read_history,
    settled_by,
    state_of,
)
from wellspring.schemas.audit import Audit, Ticket
from wellspring.schemas.decision import APPROVE, REJECT, UNDO, Decision, Release
from wellspring.schemas.document import HeldDocument
from wellspring.schemas.encoding import json_bytes, utc_now
from wellspring.signals.stats.hashing import stable_hash
from wellspring.transforms.runs.finished_run import FinishedRun, RunError, rows_of

LONGEST_REASON = 2000
LONGEST_NAME = 200


class DecisionError(ValueError):
    """A decision that can't be made: the batch was decided, released or changed, or something is missing.
    One line for the reviewer.
    """


class UnknownBatchError(KeyError):
    """No held batch of that id in this run."""


class Entry(NamedTuple):
    """A held batch in the queue.

    `history` is empty and `problem` says why where the batch is broken.
    """

    audit: Audit
    state: str
    history: list[Decision]
    problem: str | None

    @property
    def settled(self) -> Decision | None:
        """The approval or rejection in force."""
        return settled_by(self.history)


class HoldQueue:
    """The held batches of one finished run. May be used by several threads.

    What lies in the run is trusted only as far as the manifest's hashes say so; decision files are new
    and are checked for form. Nothing is cached but files that never change.

    Raises:
        RunError: the folder is no finished run, or its audits were changed.
    """

    def __init__(self, folder: str) -> None:
        self._run = FinishedRun(folder)
        self.folder = self._run.folder
        self.manifest = self._run.manifest
        self.key = f"{stable_hash(self.folder, 'run'):016x}"
        """Names the run where its folder can't stand: in an address."""
        self.audits = self._run.audits()
        self._held = {a.batch_id: a for a in self.audits if a.held}
        self._lock = threading.Lock()
        self._contents: dict[str, dict[int, bytes]] = {}
        self._releases: dict[str, Release] = {}
        self._released: dict[str, int] = {}
        self._entries: dict[str, Entry] = {}
        self.version = 0
        """Another one whenever the state of a batch is: what was made of `entries` before is out of date."""
        self.refresh()

    def refresh(self) -> None:
        """Reads the decisions and releases that were made since.

        Raises:
            RunError: a release can't be read.
        """
        with self._lock:
            self._read_releases()
            found = decision_files(self._run.storage.files("decisions"))
            for batch_id in self._held:
                self._read_decisions(batch_id, found.get(batch_id, []))

    def refresh_one(self, batch_id: str) -> Entry:
        """As `refresh`, for one held batch, which is returned.

        Raises:
            UnknownBatchError, RunError: see `entry` and `refresh`.
        """
        self.entry(batch_id)
        with self._lock:
            self._read_releases()
            found = decision_files(self._run.storage.files(f"decisions/{batch_id}"))
            self._read_decisions(batch_id, found.get(batch_id, []))
            return self._entries[batch_id]

    def _read_releases(self) -> None:
        for path, release in self._run.releases(but=self._releases).items():
            self._releases[path] = release
            self._released |= dict.fromkeys(release.batches, release.number)

    def _read_decisions(self, batch_id: str, numbers: list[int]) -> None:
        known = self._contents.get(batch_id, {})
        released = batch_id in self._released
        entry = self._entries.get(batch_id)
        if entry is not None and numbers == sorted(known) and released == (entry.state == RELEASED):
            return
        storage = self._run.storage
        self._contents[batch_id] = {
            n: known[n] if n in known else storage.read(decision_path(batch_id, n)) for n in numbers
        }
        audit = self._held[batch_id]
        try:
            history = read_history(batch_id, self._contents[batch_id])
            self._entries[batch_id] = Entry(audit, state_of(history, released=released), history, None)
        except HistoryError as error:
            self._entries[batch_id] = Entry(audit, BROKEN, [], str(error))
        self.version += 1

    def entries(self) -> list[Entry]:
        """Every held batch, those furthest beyond their limit first: `intervals_beyond`."""
        return sorted(self._entries.values(), key=lambda e: (-intervals_beyond(e.audit), e.audit.batch_id))

    def entry(self, batch_id: str) -> Entry:
        """A held batch.

        Raises:
            UnknownBatchError: the run holds no such batch.
        """
        try:
            return self._entries[batch_id]
        except KeyError:
            raise UnknownBatchError(batch_id) from None

    def releases(self) -> list[Release]:
        """All finished releases, by number."""
        return sorted(self._releases.values(), key=lambda release: release.number)

    def ticket(self, batch_id: str) -> Ticket:
        """The ticket of a held batch, as the run wrote it.

        Raises:
            UnknownBatchError: the run holds no such batch.
            RunError: the ticket is gone, was changed, or doesn't say what the audit says.
        """
        audit = self.entry(batch_id).audit
        path = f"hold/batch={batch_id}/ticket.json"
        try:
            ticket = msgspec.json.decode(self._run.read(path), type=Ticket)
        except msgspec.DecodeError as error:
            raise RunError(f"{self.folder}/{path} can't be read: {error}") from error
        if ticket.batch_id != batch_id or ticket.audit != audit:
            raise RunError(f"{self.folder}/{path} doesn't say what the batch's audit says")
        return ticket

    def documents(self, batch_id: str) -> list[HeldDocument]:
        """The documents of a held batch, by id.

        Raises:
            UnknownBatchError, RunError: as `ticket`.
        """
        self.entry(batch_id)
        path = f"hold/batch={batch_id}/documents.parquet"
        return rows_of(self._run.read(path), HeldDocument, f"{self.folder}/{path}")

    def check_unchanged(self, batch_id: str) -> None:
        """Whether a batch is still what the run held: nothing can be decided on another.

        Raises:
            DecisionError: its ticket or documents are gone or were changed.
        """
        try:
            self.ticket(batch_id)
            self._run.read(f"hold/batch={batch_id}/documents.parquet")
        except RunError as error:
            raise DecisionError(f"nothing can be decided on a changed batch: {error}") from error

    def approve(self, batch_id: str, *, by: str, reason: str = "", seen: int | None = None) -> Decision:
        """Approves a waiting batch as a whole. A reason may be given.

        Args:
            seen: the number of the last decision that the reviewer saw, 0 for none; a batch decided upon
                since is refused even where that decision was undone. None doesn't ask.

        Raises:
            UnknownBatchError, DecisionError: see `DecisionError`.
        """
        return self._decide(batch_id, APPROVE, None, by, reason, seen)

    def reject(
        self,
        batch_id: str,
        *,
        by: str,
        reason: str,
        documents: Sequence[str] | None = None,
        seen: int | None = None,
    ) -> Decision:
        """Rejects a waiting batch, or some documents of it and approves its others. A reason must be given.

        Raises:
            UnknownBatchError, DecisionError: see `DecisionError`; or a document isn't of this batch.
        """
        if not reason.strip():
            raise DecisionError("a rejection needs a reason")
        chosen = None
        if documents is not None:
            try:
                present = {document.id for document in self.documents(batch_id)}
            except RunError as error:
                raise DecisionError(str(error)) from error
            strangers = sorted(set(documents) - present)
            if strangers:
                raise DecisionError(f"batch {batch_id} has no document {strangers[0][:100]!r}")
            if not documents:
                raise DecisionError("no document was chosen")
            chosen = sorted(set(documents)) if len(set(documents)) < len(present) else None
        return self._decide(batch_id, REJECT, chosen, by, reason, seen)

    def undo(self, batch_id: str, *, by: str, reason: str = "", seen: int | None = None) -> Decision:
        """Takes an approval or rejection back, until it is released.

        Raises:
            UnknownBatchError, DecisionError: see `DecisionError`; or there is nothing to undo.
        """
        return self._decide(batch_id, UNDO, None, by, reason, seen)

    def _decide(
        self, batch_id: str, what: str, documents: list[str] | None, by: str, reason: str, seen: int | None
    ) -> Decision:
        check_name(by)
        by, reason = by.strip(), reason.strip()
        if len(reason) > LONGEST_REASON:
            raise DecisionError(f"the reason has {len(reason)} characters; at most {LONGEST_REASON} are kept")
        entry = self.refresh_one(batch_id)
        self._check_open(batch_id, entry, what, seen)
        self.check_unchanged(batch_id)
        decision = Decision(
            batch_id=batch_id,
            number=len(entry.history) + 1,
            decision=what,
            documents=documents,
            by=by,
            at=utc_now(),
            reason=reason,
            ticket_sha256=self.manifest.files[f"hold/batch={batch_id}/ticket.json"].sha256,
        )
        content = json_bytes(decision)
        try:
            self._run.storage.create(decision_path(batch_id, decision.number), content)
        except FileExistsError:
            raise DecisionError(_came_first(batch_id, self.refresh_one(batch_id))) from None
        self.refresh_one(batch_id)
        return decision

    def _check_open(self, batch_id: str, entry: Entry, what: str, seen: int | None) -> None:
        if entry.state == BROKEN:
            raise DecisionError(f"batch {batch_id} is broken: {entry.problem}")
        if entry.state in (RELEASED, RELEASING):
            number = self._released.get(batch_id) or entry.history[-1].release
            raise DecisionError(f"batch {batch_id} is in release {number}: it can't be decided upon any more")
        if seen is not None and seen != len(entry.history):
            raise DecisionError(_came_first(batch_id, entry))
        if what == UNDO and entry.state == WAITING:
            raise DecisionError(f"batch {batch_id} waits for a decision: there is nothing to undo")
        if what != UNDO and entry.state != WAITING:
            raise DecisionError(_came_first(batch_id, entry))


def intervals_beyond(audit: Audit) -> float:
    """How far a held batch lies beyond its limit, in half-widths of its 95% interval: from 1 on the whole
    interval does; 0 without one. Unlike the margin it compares batches that different signals held.
    """
    if audit.margin is None or audit.interval_low is None or audit.interval_high is None:
        return 0.0
    half = (audit.interval_high - audit.interval_low) / 2
    return -audit.margin / half if half > 0 else 0.0


def check_name(by: str) -> None:
    """Whether a decision can be signed with this name.

    Raises:
        DecisionError: it is empty or longer than 200 characters.
    """
    if not by.strip() or len(by) > LONGEST_NAME:
        raise DecisionError(
            f"a decision needs the name of who makes it, of at most {LONGEST_NAME} characters"
        )


def _came_first(batch_id: str, entry: Entry) -> str:
    if not entry.history:
        return f"batch {batch_id} was changed while you decided: {entry.problem or entry.state}"
    last = entry.history[-1]
    words = {APPROVE: "approved", REJECT: "rejected", UNDO: "put back to waiting"}
    done = words.get(last.decision, "taken into a release")
    return f"batch {batch_id} was {done} by {last.by} at {last.at}; look at it again before you decide"

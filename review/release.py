"""Releasing decided batches: approved documents into `documents/`, declined ones into `declined/`.

Every step creates files only where none lies, and what it writes follows from files that never change, so
that a release that was killed, or that two people started at once, ends with the same files:

1. `releases/<n>.plan` settles which batches the release takes.
2. Each of them is claimed by a decision file of its own, the next number: an undo that came first wins.
3. The documents are published, a file a label and group of batches.
4. `releases/<n>.json` makes it count. Until then nothing in `documents/` that it wrote is part of the run.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from wellspring.review.history import APPROVED, REJECTED, RELEASING, decision_path, settled_by
from wellspring.review.queue import DecisionError, HoldQueue, check_name
from wellspring.schemas.arrow import arrow_schema
from wellspring.schemas.decision import APPROVE, RELEASE, Decision, Release, ReleasedBatch, ReleasePlan
from wellspring.schemas.document import DeclinedDocument, HeldDocument, PublishedDocument
from wellspring.schemas.encoding import json_bytes, sha256_hex, utc_now
from wellspring.schemas.manifest import FileEntry
from wellspring.transforms.runs.finished_run import FinishedRun, RunError
from wellspring.transforms.storage.parquet_bytes import parquet_bytes

_DOCUMENTS_PER_FILE = 25_000


class Released(NamedTuple):
    """What a call did: the releases that it finished, and why batches were left out."""

    releases: list[Release]
    left_out: list[str]


def release_decided(queue: HoldQueue, *, by: str) -> Released:
    """Releases every decided batch, after finishing a release that was begun and not ended.

    A batch whose ticket or documents were changed since the run is left out, and so named.

    Raises:
        DecisionError: `by` is no name. RunError: a file of the run can't be read, or lies where the release
            has to write and is not its own.
    """
    check_name(by)
    run = FinishedRun(queue.folder)
    done: list[Release] = []
    while True:
        queue.refresh()
        plan, left_out = _plan(queue, run, by)
        if plan is None:
            return Released(done, left_out)
        done.append(_carry_out(plan, queue, run))


def _plan(queue: HoldQueue, run: FinishedRun, by: str) -> tuple[ReleasePlan | None, list[str]]:
    """The plan that was begun and not ended, or a new one; None where nothing is decided."""
    number = max((release.number for release in queue.releases()), default=0) + 1
    path = f"releases/{number}.plan"
    left_out: list[str] = []
    try:
        return _read_plan(run, path), left_out
    except FileNotFoundError:
        pass
    batches: dict[str, int] = {}
    for entry in queue.entries():
        settled = entry.settled
        if entry.state not in (APPROVED, REJECTED) or settled is None:
            continue
        try:
            queue.check_unchanged(entry.audit.batch_id)
        except DecisionError as error:
            left_out.append(str(error))
        else:
            batches[entry.audit.batch_id] = settled.number
    if not batches:
        return None, left_out
    plan = ReleasePlan(
        number=number,
        released_by=by.strip(),
        released_at=utc_now(),
        batches=dict(sorted(batches.items())),
    )
    try:
        run.storage.create(path, _json(plan))
    except FileExistsError:  # somebody else began this release: theirs is carried out
        return _read_plan(run, path), left_out
    return plan, left_out


def _read_plan(run: FinishedRun, path: str) -> ReleasePlan:
    content = run.storage.read(path)
    try:
        return msgspec.json.decode(content, type=ReleasePlan)
    except msgspec.DecodeError as error:
        raise RunError(f"{run.folder}/{path} can't be read: {error}") from error


def _carry_out(plan: ReleasePlan, queue: HoldQueue, run: FinishedRun) -> Release:
    claimed = [d for d in (_claim(batch_id, plan, queue, run) for batch_id in plan.batches) if d]
    files: dict[str, FileEntry] = {}
    batches: dict[str, ReleasedBatch] = {}
    for group, decisions in enumerate(_groups(claimed, run)):
        approved: dict[str, list[PublishedDocument]] = {}
        declined: list[DeclinedDocument] = []
        for decision in decisions:
            kept, dropped = _sort_out(decision, queue.documents(decision.batch_id))
            batches[decision.batch_id] = _record(decision, len(kept), len(dropped))
            for row in kept:
                approved.setdefault(row.provenance, []).append(_published(row))
            declined += [_declined(row, decision) for row in dropped]
        for label, rows in sorted(approved.items()):
            path = f"documents/provenance={label}/released-{plan.number}-{group:05d}.parquet"
            files[path] = _write(run, path, rows, PublishedDocument)
        if declined:
            path = f"declined/released-{plan.number}-{group:05d}.parquet"
            files[path] = _write(run, path, declined, DeclinedDocument)
    release = Release(
        number=plan.number,
        released_by=plan.released_by,
        released_at=plan.released_at,
        batches=dict(sorted(batches.items())),
        files=dict(sorted(files.items())),
    )
    _create(run, f"releases/{plan.number}.json", _json(release))
    return release


def _claim(batch_id: str, plan: ReleasePlan, queue: HoldQueue, run: FinishedRun) -> Decision | None:
    """The decision that the release carries out, or None where it was undone before the claim."""
    number = plan.batches[batch_id] + 1
    claim = Decision(
        batch_id=batch_id,
        number=number,
        decision=RELEASE,
        by=plan.released_by,
        at=plan.released_at,
        ticket_sha256=run.manifest.files[f"hold/batch={batch_id}/ticket.json"].sha256,
        release=plan.number,
    )
    try:
        run.storage.create(decision_path(batch_id, number), _json(claim))
    except FileExistsError:
        if run.storage.read(decision_path(batch_id, number)) != _json(claim):
            return None
    entry = queue.refresh_one(batch_id)
    if entry.state != RELEASING:
        raise RunError(f"batch {batch_id} can't be released: {entry.problem or entry.state}")
    return settled_by(entry.history)


def _groups(decisions: Sequence[Decision], run: FinishedRun) -> Iterator[list[Decision]]:
    """Consecutive batches whose documents fill a file; what is held in memory at once."""
    group: list[Decision] = []
    rows = 0
    for decision in decisions:
        held = run.manifest.files[f"hold/batch={decision.batch_id}/documents.parquet"].rows
        if group and rows + held > _DOCUMENTS_PER_FILE:
            yield group
            group, rows = [], 0
        group.append(decision)
        rows += held
    if group:
        yield group


def _sort_out(
    decision: Decision, documents: Sequence[HeldDocument]
) -> tuple[list[HeldDocument], list[HeldDocument]]:
    """Approved and declined documents of a batch."""
    if decision.decision == APPROVE:
        return list(documents), []
    if decision.documents is None:
        return [], list(documents)
    rejected = set(decision.documents)
    return (
        [row for row in documents if row.id not in rejected],
        [row for row in documents if row.id in rejected],
    )


def _record(decision: Decision, documents: int, declined: int) -> ReleasedBatch:
    return ReleasedBatch(
        decision=decision.decision,
        documents=documents,
        declined=declined,
        by=decision.by,
        at=decision.at,
        reason=decision.reason,
    )


def _published(row: HeldDocument) -> PublishedDocument:
    return PublishedDocument(**{name: getattr(row, name) for name in PublishedDocument.__struct_fields__})


def _declined(row: HeldDocument, decision: Decision) -> DeclinedDocument:
    return DeclinedDocument(
        **msgspec.structs.asdict(row),
        decided_by=decision.by,
        decided_at=decision.at,
        decision_reason=decision.reason,
    )


def _write(
    run: FinishedRun,
    path: str,
    rows: Sequence[PublishedDocument | DeclinedDocument],
    struct: type[msgspec.Struct],
) -> FileEntry:
    ordered = sorted(rows, key=lambda row: row.id)
    content = parquet_bytes(ordered, arrow_schema(struct))
    _create(run, path, content)
    return FileEntry(rows=len(rows), sha256=sha256_hex(content))


def _create(run: FinishedRun, path: str, content: bytes) -> None:
    """Creates a file, or finds that an earlier attempt created the same one."""
    try:
        run.storage.create(path, content)
    except FileExistsError as error:
        if run.storage.read(path) != content:
            raise RunError(
                f"{run.folder}/{path} lies where this release has to write and is not its own: "
                "move it away and release again"
            ) from error


def _json(value: msgspec.Struct) -> bytes:
    return json_bytes(value)

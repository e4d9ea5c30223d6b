"""A request to forget, its record, and what both runs and training sets hold of a document."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from wellspring.schemas.decision import Release
from wellspring.schemas.encoding import sha256_hex
from wellspring.schemas.forgotten import FORGOTTEN, ForgottenRecord
from wellspring.schemas.manifest import FileEntry
from wellspring.signals.verdict.forgotten import Selection, sha256
from wellspring.transforms.runs.finished_run import RunError
from wellspring.transforms.storage.storage import Storage


class ForgetRequest(NamedTuple):
    """What is to be forgotten, and what the record says of it."""

    selection: Selection
    by: str
    reason: str
    at: str
    """ISO 8601, UTC."""


class Forgotten(NamedTuple):
    """What one folder lost."""

    documents: int
    cleared: int
    """Rows that stay, without the id and url that they named."""


def record_of(
    request: ForgetRequest,
    number: int,
    ids_sha256: Iterable[str],
    *,
    labelled: Mapping[str, int],
    held: int,
    manifest_sha256_before: str,
    releases_sha256_before: Mapping[str, str],
    left_as_drawn: Iterable[str] = (),
) -> ForgottenRecord:
    """The record of a request in one folder."""
    return ForgottenRecord(
        number=number,
        by=request.by,
        at=request.at,
        reason=request.reason,
        selected_by=request.selection.by,
        selected_sha256=sha256(request.selection.value),
        ids_sha256=sorted(ids_sha256),
        labelled=dict(sorted(labelled.items())),
        held=held,
        manifest_sha256_before=manifest_sha256_before,
        releases_sha256_before=dict(releases_sha256_before),
        left_as_drawn=list(left_as_drawn),
    )


def forgotten_records(storage: Storage) -> dict[str, ForgottenRecord]:
    """All records of a folder, by path.

    Raises:
        RunError: one can't be read.
    """
    records = {}
    for path in storage.files(FORGOTTEN):
        if path.endswith(".json"):
            try:
                records[path] = msgspec.json.decode(storage.read(path), type=ForgottenRecord)
            except msgspec.DecodeError as error:
                raise RunError(f"{path} is no record of `forget`: {error}") from error
    return records


def earlier(storage: Storage, selection: Selection) -> list[ForgottenRecord]:
    """Records of the same request, of this or an earlier call."""
    return [
        record
        for record in forgotten_records(storage).values()
        if (record.selected_by, record.selected_sha256) == (selection.by, sha256(selection.value))
    ]


def entries_of(contents: Mapping[str, tuple[bytes | None, int]]) -> dict[str, FileEntry]:
    """What a manifest says of new files, each its content (None: it goes) and its rows."""
    return {
        path: FileEntry(rows=rows, sha256=sha256_hex(content))
        for path, (content, rows) in contents.items()
        if content is not None
    }


def release_without(
    release: Release, tables: Mapping[str, pa.Table], ids: Collection[str], entries: Mapping[str, FileEntry]
) -> Release:
    """A release with the counts of its batches and the hashes of its files as they are after it."""
    gone: Counter[tuple[str, str]] = Counter()
    for path in release.files:
        if path in tables:
            kind = "declined" if path.startswith("declined/") else "documents"
            columns = (tables[path].column(c).to_pylist() for c in ("id", "batch_id"))
            gone.update((kind, batch) for id, batch in zip(*columns, strict=True) if id in ids)
    batches = {
        batch: msgspec.structs.replace(
            r,
            documents=r.documents - gone["documents", batch],
            declined=r.declined - gone["declined", batch],
        )
        for batch, r in release.batches.items()
    }
    return msgspec.structs.replace(
        release, batches=batches, files={path: entries.get(path, e) for path, e in release.files.items()}
    )


def without_rows(table: pa.Table, ids: Collection[str]) -> pa.Table | None:
    """The table without those documents; None where it has none of them."""
    keep = [id not in ids for id in table.column("id").to_pylist()]
    return None if all(keep) else table.filter(pa.array(keep, pa.bool_()))


def rejects_cleared(
    rejects: pa.Table, ids: Collection[str], selection: Selection, mention: str
) -> tuple[pa.Table, int] | None:
    """Rejects that keep their rows, so that the counts hold, and lose what tells whose they were, with how
    many those are; None where nothing changes.

    Args:
        mention: what goes before another document's id in a detail.
    """
    pairs = zip(rejects.column("id").to_pylist(), rejects.column("url").to_pylist(), strict=True)
    hit = [id in ids or selection.matches(id, url) for id, url in pairs]
    mentions = [detail.removeprefix(mention) in ids for detail in rejects.column("detail").to_pylist()]
    if not any(hit) and not any(mentions):
        return None
    for name, mask, value in (
        ("id", hit, pa.scalar(None, pa.string())),
        ("url", hit, pa.scalar(None, pa.string())),
        ("detail", [h or m for h, m in zip(hit, mentions, strict=True)], pa.scalar("")),
    ):
        rejects = with_column(rejects, name, pc.if_else(pa.array(mask), value, rejects.column(name)))
    return rejects, sum(hit)


def with_column(table: pa.Table, name: str, values: pa.ChunkedArray) -> pa.Table:
    """The table with other values in one of its columns."""
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(name), values)

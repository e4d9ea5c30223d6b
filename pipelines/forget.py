"""`wellspring forget`: takes documents out of finished runs, and leaves a record that it did.

find the documents -> stage every changed file and the new manifest -> commit -> put them in place

A run's manifest never changes, but for this: its counts and hashes must be those of what is there.
The removed documents become rejects (`forgotten`), so that records read = labelled + held + rejected goes on
to hold; audits, histograms and shares stay what was measured then. Until the commit nothing in the
run is touched; after it, whoever comes next puts the rest in place.
"""

import hashlib
import os
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.arguments import JobParser, UsageError
from pipelines.report import render_report
from schemas.arrow import arrow_schema
from schemas.decision import Release
from schemas.forgotten import FORGOTTEN, ForgottenRecord
from schemas.manifest import FileEntry, Manifest, SourceCounts
from schemas.reject import Reject
from signals.forgotten import DOMAIN, ID, URL, Selection, forgotten_reject, sha256
from transforms.finish_run import check_conservation
from transforms.finished_run import FinishedRun, RunError, read_as_recorded
from transforms.parquet import parquet_bytes, table_bytes
from transforms.publish import UNFINISHED
from transforms.unique_documents import SAME_TEXT

_STAGED = Path(UNFINISHED) / "forget"
_COMMIT = "commit"
_WITH_TEXT = ("documents/", "hold/", "declined/")


def parser() -> JobParser:
    """The flags of `wellspring forget`."""
    p = JobParser("forget", "Takes documents out of finished runs, and leaves a record that it did.")
    p.add_argument("--run", required=True, help="RUN,RUN: folders of finished runs, on this machine")
    what = p.add_mutually_exclusive_group(required=True)
    what.add_argument("--id", help="the document's id")
    what.add_argument("--url", help="its url, exactly")
    what.add_argument("--domain", help="all documents of a registered domain, such as example.co.uk")
    p.add_argument("--by", required=True, help="who removes it")
    p.add_argument("--reason", required=True, help="why; it is kept: name nobody in it")
    return p


def run(argv: Sequence[str] | None = None) -> int:
    """Removes the documents from every run; exit code 0, also where an earlier call had done it."""
    arguments = parser().parse_args(argv)
    pairs = [(ID, arguments.id), (URL, arguments.url), (DOMAIN, arguments.domain)]
    selection = next(Selection(by, value) for by, value in pairs if value is not None)
    found = 0
    try:
        folders = [Path(_local(name)) for name in arguments.run.split(",") if name]
        for folder in folders:
            finish_forgetting(folder)
        for folder in folders:
            documents, rejects = forget(folder, selection, by=arguments.by, reason=arguments.reason)
            print(f"{folder}: {documents:,} documents removed, {rejects:,} rejects cleared")
            found += documents + rejects + _recorded(folder, selection)
    except RunError as error:
        raise UsageError(f"--run: {error}") from error
    if not found:
        raise UsageError(f"wellspring forget: no document of these runs has that {selection.by}")
    return 0


def _local(name: str) -> str:
    if "://" in name:
        raise UsageError(f"--run={name}: forget works on folders of this machine; copy the run, or mount it")
    return name


def _recorded(folder: Path, selection: Selection) -> int:
    """Records of the same request, of an earlier call."""
    records = [
        msgspec.json.decode(path.read_bytes(), type=ForgottenRecord)
        for path in (folder / FORGOTTEN).glob("*.json")
    ]
    return sum(r.selected_sha256 == sha256(selection.value) for r in records)


class _Removed(NamedTuple):
    """A removed row of `documents/` or `hold/`."""

    id: str
    source: str
    file_path: str
    tokens: int
    label: str | None
    """Null for a held document."""


def forget(folder: Path, selection: Selection, *, by: str, reason: str) -> tuple[int, int]:
    """Removes what matches from one run: how many documents, and how many rejects lost id and url.

    Raises:
        RunError: it is no finished run, or a file isn't what its manifest says.
    """
    run = FinishedRun(str(folder))
    releases = run.releases()
    files = dict(run.manifest.files)
    for release in releases.values():
        files |= release.files
    tables = {
        path: pq.read_table(pa.BufferReader(read_as_recorded(run.storage, path, files[path], run.folder)))
        for path in sorted(files)
        if path.endswith(".parquet") and path.startswith((*_WITH_TEXT, "measurements/", "rejects/"))
    }
    ids = {
        id
        for path, table in tables.items()
        if path.startswith(_WITH_TEXT)
        for id, url in zip(*(table.column(c).to_pylist() for c in ("id", "url")), strict=True)
        if selection.matches(id, url)
    }
    removed = _removed_rows(tables, run.manifest, ids)
    changed = {path: new for path, table in tables.items() if (new := _without(path, table, ids, selection))}
    if not changed:
        return 0, 0
    cleared = sum(
        sum(_hits_by_row(table, ids, selection))
        for path, table in tables.items()
        if path.startswith("rejects/")
    )
    number = len(list((folder / FORGOTTEN).glob("*.json"))) + 1
    if removed:
        rejects = [forgotten_reject(row.source, row.file_path, 0, row.id) for row in removed]
        rejects.sort(key=lambda reject: reject.detail)
        content = parquet_bytes(rejects, arrow_schema(Reject))
        changed[f"rejects/{FORGOTTEN}-{number}.parquet"] = content, len(rejects)
    record = ForgottenRecord(
        number=number,
        by=by,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        reason=reason,
        selected_by=selection.by,
        selected_sha256=sha256(selection.value),
        ids_sha256=sorted(map(sha256, ids)),
        labelled=dict(sorted(Counter(r.label for r in removed if r.label).items())),
        held=sum(r.label is None for r in removed),
        manifest_sha256_before=hashlib.sha256(run.storage.read("manifest.json")).hexdigest(),
    )
    changed[f"{FORGOTTEN}/{number}.json"] = _json(record), len(ids)
    entries = {
        path: FileEntry(rows=rows, sha256=hashlib.sha256(content).hexdigest())
        for path, (content, rows) in changed.items()
    }
    of_releases = {path for release in releases.values() for path in release.files}
    manifest = _manifest_without(run.manifest, removed, tables, entries, of_releases)
    check_conservation(manifest)
    staged = {path: content for path, (content, _) in changed.items()}
    for path, release in releases.items():
        after = _release_without(release, tables, ids, entries)
        if after != release:
            staged[path] = _json(after)
    report = render_report(manifest, run.audits(), run.drift())
    staged["report.html"] = report.encode()
    staged["manifest.json"] = _json(manifest)  # the last in place
    _stage(folder, staged)
    finish_forgetting(folder)
    return len(ids), cleared


def _json(value: msgspec.Struct) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2)


def _removed_rows(tables: dict[str, pa.Table], manifest: Manifest, ids: set[str]) -> list[_Removed]:
    """The rows that the manifest counts: of a released document that is the one in `hold/`."""
    removed = []
    for path, table in tables.items():
        if path not in manifest.files or not path.startswith(("documents/", "hold/")):
            continue
        label = path.split("/")[1].removeprefix("provenance=") if path.startswith("documents/") else None
        columns = [table.column(c).to_pylist() for c in ("id", "source", "file_path", "token_count")]
        removed += [
            _Removed(id=id, source=source, file_path=file_path, tokens=tokens, label=label)
            for id, source, file_path, tokens in zip(*columns, strict=True)
            if id in ids
        ]
    return removed


def _without(path: str, table: pa.Table, ids: set[str], selection: Selection) -> tuple[bytes, int] | None:
    """A file's new bytes and rows; None where nothing in it changes. Rejects keep their row, so that
    the counts hold, and lose what tells whose it was."""
    listed = table.column("id").to_pylist()
    if not path.startswith("rejects/"):
        keep = [id not in ids for id in listed]
        if all(keep):
            return None
        left = table.filter(pa.array(keep))
        return table_bytes(left), left.num_rows
    hit = _hits_by_row(table, ids, selection)
    details = table.column("detail").to_pylist()
    mentions = [detail.removeprefix(SAME_TEXT) in ids for detail in details]
    if not any(hit) and not any(mentions):
        return None
    for name, mask, value in (
        ("id", hit, pa.scalar(None, pa.string())),
        ("url", hit, pa.scalar(None, pa.string())),
        ("detail", [h or m for h, m in zip(hit, mentions, strict=True)], pa.scalar("")),
    ):
        place = table.schema.get_field_index(name)
        cleared = pc.if_else(pa.array(mask), value, table.column(name))
        table = table.set_column(place, table.schema.field(name), cleared)
    return table_bytes(table), table.num_rows


def _hits_by_row(rejects: pa.Table, ids: set[str], selection: Selection) -> list[bool]:
    """Which rejects are of what is to be forgotten."""
    pairs = zip(rejects.column("id").to_pylist(), rejects.column("url").to_pylist(), strict=True)
    return [id in ids or selection.matches(id, url) for id, url in pairs]


def _manifest_without(
    manifest: Manifest,
    removed: list[_Removed],
    tables: dict[str, pa.Table],
    entries: dict[str, FileEntry],
    of_releases: set[str],
) -> Manifest:
    labelled, by_source = dict(manifest.labelled), dict(manifest.by_source)
    for row in removed:
        c = by_source[row.source]
        is_held = row.label is None
        by_source[row.source] = SourceCounts(
            read=c.read,
            labelled=c.labelled - (not is_held),
            held=c.held - is_held,
            rejected=c.rejected + 1,
        )
        if row.label is not None:
            labelled[row.label] -= 1
    rejected = {**manifest.rejected, FORGOTTEN: manifest.rejected.get(FORGOTTEN, 0) + len(removed)}
    scored = {
        id
        for path, table in tables.items()
        if path.startswith("measurements/")
        for id, scorer in zip(table.column("id").to_pylist(), table.column("scorer").to_pylist(), strict=True)
        if scorer is not None
    }
    files = manifest.files | {path: e for path, e in entries.items() if path not in of_releases}
    return msgspec.structs.replace(
        manifest,
        labelled=labelled,
        held=manifest.held - sum(row.label is None for row in removed),
        rejected=rejected,
        by_source=by_source,
        tokens=manifest.tokens - sum(row.tokens for row in removed),
        tokens_scored=manifest.tokens_scored - sum(row.tokens for row in removed if row.id in scored),
        files=dict(sorted(files.items())),
    )


def _release_without(
    release: Release, tables: dict[str, pa.Table], ids: set[str], entries: dict[str, FileEntry]
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


def _stage(folder: Path, contents: dict[str, bytes]) -> None:
    """Writes the new files, then the list of them: from then on they are to be put in place."""
    staged = folder / _STAGED
    shutil.rmtree(staged, ignore_errors=True)  # what a call left that died before its commit
    for number, content in enumerate(contents.values()):
        _write(staged / str(number), content)
    _write(staged / f"{_COMMIT}.partial", msgspec.json.encode(list(contents)))
    (staged / f"{_COMMIT}.partial").replace(staged / _COMMIT)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def finish_forgetting(folder: Path) -> None:
    """Puts in place what was committed, by this call or by one that died; else clears what it left."""
    staged = folder / _STAGED
    if (staged / _COMMIT).is_file():
        for number, path in enumerate(msgspec.json.decode((staged / _COMMIT).read_bytes(), type=list[str])):
            if (staged / str(number)).is_file():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (staged / str(number)).replace(folder / path)
        (staged / _COMMIT).unlink()
    if staged.is_dir():
        shutil.rmtree(staged)
        if not any((folder / UNFINISHED).iterdir()):
            (folder / UNFINISHED).rmdir()


if __name__ == "__main__":
    from pipelines.cli import main

    sys.exit(main(["forget", *sys.argv[1:]]))

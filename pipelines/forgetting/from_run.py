"""Documents out of one finished run.

A run's manifest never changes, but for this: its counts and hashes must be those of what is there.
The removed documents become rejects (`forgotten`), so that records read = labelled + held + rejected goes on
to hold; audits, histograms and shares stay what was measured then.
"""

from collections import Counter
from typing import NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from wellspring.pages.run.report import render_report
from wellspring.pipelines.forgetting.request import (
    ForgetRequest,
    Forgotten,
    entries_of,
    forgotten_records,
    record_of,
    rejects_cleared,
    release_without,
    without_rows,
)
from wellspring.schemas.arrow import arrow_schema
from wellspring.schemas.encoding import json_bytes, sha256_hex
from wellspring.schemas.forgotten import FORGOTTEN
from wellspring.schemas.manifest import FileEntry, Manifest, SourceCounts
from wellspring.schemas.reject import Reject
from wellspring.signals.verdict.forgotten import forgotten_reject, sha256
from wellspring.transforms.curate.finish_run import check_conservation
from wellspring.transforms.curate.unique_documents import SAME_TEXT
from wellspring.transforms.runs.finished_run import FinishedRun, read_as_recorded
from wellspring.transforms.storage.parquet_bytes import parquet_bytes, table_bytes
from wellspring.transforms.storage.replace_files import replace_files
from wellspring.transforms.storage.storage import open_storage

_WITH_TEXT = ("documents/", "hold/", "declined/")


class _Removed(NamedTuple):
    """A removed row of `documents/` or `hold/`."""

    id: str
    source: str
    file_path: str
    tokens: int
    label: str | None
    """Null for a held document."""


def forget_in_run(folder: str, request: ForgetRequest) -> Forgotten:
    """Removes what matches from one run.

    Raises:
        RunError: it is no finished run, or a file isn't what its manifest says.
    """
    generations = open_storage(folder).generations()
    run = FinishedRun(folder)
    selection = request.selection
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
    changed: dict[str, tuple[bytes, int]] = {}
    cleared = 0
    for path, table in tables.items():
        if path.startswith("rejects/"):
            without = rejects_cleared(table, ids, selection, SAME_TEXT)
            if without is not None:
                changed[path] = table_bytes(without[0]), table.num_rows
                cleared += without[1]
        elif (left := without_rows(table, ids)) is not None:
            changed[path] = table_bytes(left), left.num_rows
    if not changed:
        return Forgotten(0, 0)
    number = len(forgotten_records(run.storage)) + 1
    if removed:
        rejects = [forgotten_reject(row.source, row.file_path, 0, row.id) for row in removed]
        rejects.sort(key=lambda reject: reject.detail)
        content = parquet_bytes(rejects, arrow_schema(Reject))
        changed[f"rejects/{FORGOTTEN}-{number}.parquet"] = content, len(rejects)
    after = {
        path: release_without(release, tables, ids, entries_of(changed)) for path, release in releases.items()
    }
    changed_releases = {path: release for path, release in after.items() if release != releases[path]}
    record = record_of(
        request,
        number,
        map(sha256, ids),
        labelled=Counter(row.label for row in removed if row.label),
        held=sum(row.label is None for row in removed),
        manifest_sha256_before=run.manifest_sha256,
        releases_sha256_before={path: sha256_hex(run.storage.read(path)) for path in changed_releases},
    )
    changed[f"{FORGOTTEN}/{number}.json"] = json_bytes(record), len(ids)
    of_releases = {path for release in releases.values() for path in release.files}
    manifest = _manifest_without(run.manifest, removed, tables, entries_of(changed), of_releases)
    check_conservation(manifest)
    contents: dict[str, bytes | None] = {path: content for path, (content, _) in changed.items()}
    contents |= {path: json_bytes(release) for path, release in changed_releases.items()}
    report = render_report(manifest, run.audits(), run.drift())
    contents["report.html"] = report.encode()
    contents["manifest.json"] = json_bytes(manifest)  # the last in place
    replace_files(run.storage, contents, generations)
    return Forgotten(len(ids), cleared)


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

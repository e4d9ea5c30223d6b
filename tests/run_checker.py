"""Checks a run folder against the contract of its files, knowing nothing of the code that wrote it."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

LABELS = ("human_verified", "human_unverified", "synthetic_known", "synthetic_suspected")
KEYS = (
    "records_read labelled held rejected files_read files_damaged batches batches_held tokens scorer profile "
    "gate code_version schema_version started finished files"
).split()
AUDIT = "batch_id entropy_bits type_token_ratio below_floor synthetic_risk action".split()
ACTIONS = ("PROCEED", "HOLD_FOR_REVIEW")
DATA = (".parquet", ".json")

Manifest = dict[str, Any]


def violations(run: Path) -> list[str]:
    """One line for each thing in the folder that is not as the contract says."""
    path = run / "manifest.json"
    if not path.exists():
        return [f"{run}: no manifest.json, so this is not a finished run"]
    manifest = json.loads(path.read_text())
    if lacking := [f"manifest lacks {key}" for key in KEYS if key not in manifest]:
        return lacking
    bad: list[str] = []
    files, settled, published = _released(run, manifest, bad)
    _sums(manifest, bad)
    labelled = _documents(run, manifest, published, bad)
    held = _held(run, manifest, settled, bad)
    _measurements_and_audits(run, manifest, labelled, held, bad)
    _listed_files(run, files, bad)
    return bad


def differences(run: Path, other: Path) -> list[str]:
    """The data files of two runs that aren't byte for byte the same."""
    one, two = (
        {path: file["sha256"] for path, file in files.items() if path.endswith(DATA)}
        for files in (json.loads((each / "manifest.json").read_text())["files"] for each in (run, other))
    )
    only = [f"{path}: only in one of the runs" for path in sorted(one.keys() ^ two.keys())]
    return only + [
        f"{path}: other bytes" for path in sorted(one.keys() & two.keys()) if one[path] != two[path]
    ]


def _sums(manifest: Manifest, bad: list[str]) -> None:
    total = sum(manifest["labelled"].values()) + manifest["held"] + sum(manifest["rejected"].values())
    if manifest["records_read"] != total:
        bad.append(f"records_read {manifest['records_read']} != labelled + held + rejected {total}")
    if manifest["gate"] == "monitor" and (manifest["held"] or manifest["batches_held"]):
        bad.append("gate=monitor, yet something is held")


def _released(run: Path, manifest: Manifest, bad: list[str]) -> tuple[dict[str, Any], dict[str, int], int]:
    """(all listed files, documents of each batch that was released, documents published by releases)."""
    files, settled, published = dict(manifest["files"]), {}, 0
    for path in sorted((run / "releases").glob("*.json")):
        release = json.loads(path.read_text())
        files |= release["files"]
        for batch, counts in release["batches"].items():
            if batch in settled:
                bad.append(f"{path.name}: batch {batch} was released before")
            settled[batch] = counts["documents"] + counts["declined"]
            published += counts["documents"]
    return files, settled, published


def _documents(run: Path, manifest: Manifest, published: int, bad: list[str]) -> Counter[str]:
    """How often each id is among the documents."""
    ids: Counter[str] = Counter()
    counted = dict.fromkeys(LABELS, 0)
    released = 0
    for path, table in _tables((run / "documents").rglob("*.parquet"), bad, ["id", "text"]):
        label = path.parent.name.removeprefix("provenance=")
        if label not in counted:
            bad.append(f"{path.relative_to(run)}: unknown label folder")
            continue
        if path.name.startswith("released-"):
            released += table.num_rows
        else:
            counted[label] += table.num_rows
        ids.update(table.column("id").to_pylist())
    for label, rows in counted.items():
        if rows != (said := manifest["labelled"].get(label, 0)):
            bad.append(f"documents/provenance={label}: {rows} rows, manifest says {said}")
    if released != published:
        bad.append(f"documents/: {released} released rows, releases say {published}")
    return ids


def _held(run: Path, manifest: Manifest, settled: dict[str, int], bad: list[str]) -> dict[str, bool]:
    """{id: whether its batch was released}, of the documents in hold/, which keeps released batches too."""
    rows, ids = 0, {}
    for folder in sorted((run / "hold").glob("batch=*")):
        if not (folder / "ticket.json").exists() or not (folder / "documents.parquet").exists():
            bad.append(f"{folder.relative_to(run)}: ticket.json or documents.parquet is missing")
            continue
        batch = folder.name.removeprefix("batch=")
        for _, table in _tables([folder / "documents.parquet"], bad, ["id"]):
            rows += table.num_rows
            if settled.get(batch, table.num_rows) != table.num_rows:
                bad.append(
                    f"hold/batch={batch}: {table.num_rows} documents, its release says {settled[batch]}"
                )
            ids |= dict.fromkeys(table.column("id").to_pylist(), batch in settled)
    if rows != manifest["held"]:
        bad.append(f"hold/: {rows} rows, manifest says {manifest['held']}")
    return ids


def _measurements_and_audits(
    run: Path, manifest: Manifest, labelled: Counter[str], held: dict[str, bool], bad: list[str]
) -> None:
    waiting = Counter(id for id, released in held.items() if not released)
    doubled = [id for id, count in (labelled + waiting).items() if count > 1]
    if doubled:
        bad.append(f"{len(doubled)} document ids are in more than one place, such as {doubled[0]}")
    measured = [
        id
        for _, table in _tables((run / "measurements").rglob("*.parquet"), bad, ["id"])
        for id in table.column("id").to_pylist()
    ]
    documents = labelled.keys() | held.keys()
    if len(measured) != len(set(measured)) or set(measured) != documents:
        bad.append(f"measurements/: {len(measured)} rows for {len(documents)} documents")
    audits = [row for _, t in _tables((run / "audits").rglob("*.parquet"), bad) for row in t.to_pylist()]
    if len(audits) != manifest["batches"]:
        bad.append(f"audits/: {len(audits)} rows, manifest says {manifest['batches']} batches")
    for audit in audits:
        bad += [f"an audit lacks {key}" for key in AUDIT if key not in audit]
        if audit.get("action") not in ACTIONS:
            bad.append(f"audit {audit.get('batch_id')}: action {audit.get('action')!r}")


def _listed_files(run: Path, files: dict[str, Any], bad: list[str]) -> None:
    listed = {path for path in files if path.endswith(DATA)}
    present = {
        str(path.relative_to(run)) for path in run.rglob("*") if path.is_file() and path.suffix in DATA
    }
    own = {path for path in present if path.startswith(("decisions/", "releases/"))} | {"manifest.json"}
    bad += [f"{path}: in the manifest, not in the folder" for path in sorted(listed - present)]
    bad += [f"{path}: in the folder, not in the manifest" for path in sorted(present - own - listed)]
    for path in sorted(listed & present):
        if hashlib.sha256((run / path).read_bytes()).hexdigest() != files[path]["sha256"]:
            bad.append(f"{path}: its bytes are not those of the manifest")
    left = [
        path for path in run.rglob("*") if ".temp" in path.name or path.name.startswith((".tmp", "beam-temp"))
    ]
    bad += [f"{path.relative_to(run)}: a temporary file" for path in left]


def _tables(
    paths: Iterator[Path] | Sequence[Path], bad: list[str], columns: list[str] | None = None
) -> Iterator[tuple[Path, pa.Table]]:
    """Each Parquet file; one that can't be read, or lacks a column, is a violation."""
    for path in sorted(paths):
        try:
            yield path, pq.read_table(path, columns=columns, partitioning=None)
        except (OSError, ValueError, KeyError) as error:
            bad.append(f"{path}: {str(error).splitlines()[0][:120]}")

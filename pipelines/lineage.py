"""`wellspring lineage`: why a document is in a training set, how often, or why it is not."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.flags.lineage import parser
from wellspring.pipelines.forgetting.request import forgotten_records
from wellspring.pipelines.sets.lineage_weight import weight_in
from wellspring.pipelines.sets.mix_runs import MixedRun, load_run
from wellspring.pipelines.sets.set_folder import read_set, rows_with_id
from wellspring.schemas.document import PublishedDocument
from wellspring.schemas.forgotten import ForgottenRecord
from wellspring.schemas.training_set import FORGOTTEN_ID, TAIL, SetDocument, SetManifest
from wellspring.signals.mix.draw import copy_keys, expected_copies, inclusion
from wellspring.signals.stats.weighted_sample import EVERYTHING, Item, Threshold, uniform
from wellspring.signals.verdict.forgotten import sha256
from wellspring.transforms.mix.draw_mix import most_copies
from wellspring.transforms.mix.finish_set import KEPT_OUT
from wellspring.transforms.mix.pack_source import read_pack
from wellspring.transforms.runs.finished_run import RunError
from wellspring.transforms.runs.run_files import TamperedError, read_checked
from wellspring.transforms.storage.storage import open_storage

UNKNOWN = 1
"""Exit code where no run and no set knows the id."""


def run(argv: Sequence[str] | None = None) -> int:
    """Answers for one document; exit code 0, or 1 where nobody knows it.

    Raises:
        UsageError: there is no such set or run, or one of their files was changed.
    """
    arguments = parser().parse_args(argv)
    if not arguments.set and not arguments.run:
        raise UsageError("name a set (--set=DIR), a run (--run=DIR), or both")
    moved = [name for name in (arguments.run or "").split(",") if name]
    try:
        if arguments.set:
            manifest = read_set(arguments.set)
            lines = list(_of_set(arguments.set, manifest, _runs(manifest, moved), arguments.id))
        else:
            lines = [line for name in moved for line in _of_run(load_run(name), arguments.id)]
    except (TamperedError, RunError) as error:
        raise UsageError(str(error)) from error
    if not lines:
        where = f"{arguments.set} or its runs" if arguments.set else " or ".join(moved)
        print(f"unknown: no document of {where} has the id {arguments.id!r}", file=sys.stderr)
        return UNKNOWN
    print("\n".join(lines))
    return 0


def _runs(manifest: SetManifest, moved: Sequence[str]) -> list[MixedRun]:
    """The set's runs where they lie now, unchanged since the set was drawn but for what was forgotten."""
    runs = []
    for source in manifest.runs:
        places = moved or [source.path]
        found, records = None, list[ForgottenRecord]()
        for place in places:
            run = load_run(place)
            forgotten = list(_records(place).values())
            before = {record.manifest_sha256_before for record in forgotten}
            if source.manifest_sha256 in {run.source.manifest_sha256, *before}:
                found, records = run, forgotten
        if found is None:
            raise UsageError(
                f"run {source.path} is not what the set was drawn from: its manifest.json was changed "
                "(or, if it has moved, name its folder by --run)"
            )
        # The set knows it by its old name, and the releases of that day alone.
        releases = [
            release
            for release, path in zip(found.releases, found.source.releases, strict=True)
            if source.releases.get(path)
            in {found.source.releases[path], *(r.releases_sha256_before.get(path) for r in records)} - {None}
        ]
        runs.append(found._replace(releases=releases))
    return runs


def _records(folder: str) -> dict[str, ForgottenRecord]:
    return forgotten_records(open_storage(folder))


def _forgotten(folder: str, id: str) -> Iterator[str]:
    """What `wellspring forget` has recorded of a document, known by its hash alone."""
    for path, record in _records(folder).items():
        if sha256(id) in record.ids_sha256:
            yield f"forgotten: by {record.by} at {record.at}: {record.reason} ({folder}/{path})"


def _of_set(folder: str, manifest: SetManifest, runs: Sequence[MixedRun], id: str) -> Iterator[str]:
    forgotten = list(_forgotten(folder.rstrip("/"), id))
    yield from forgotten
    rows = list(rows_with_id(folder, manifest, id, "documents/"))
    for path, row in rows:
        yield _in(path, row)
    for path, row in rows_with_id(folder, manifest, id, "hold/"):
        yield (
            f"held: by the set's own gate, in batch {row.batch_id}: {path} ({_source(row)}); "
            f"wellspring review --run={folder} shows why"
        )
        rows.append((path, row))
    kept_out = {(run, reason, detail) for run, reason, detail in _kept_out(folder, manifest, id)}
    for run, reason, detail in sorted(kept_out):
        yield f"kept out ({reason}): {detail} (document of {run or 'the tail pack'})"
    out = {run for run, _, _ in kept_out}
    for source, found in zip(manifest.runs, runs, strict=True):
        for line in _of_run(found, id):
            yield line
            if line.startswith("labelled") and not rows and not forgotten and source.path not in out:
                label, document = _labelled(found, id)
                yield _not_drawn(folder, manifest, found, label, document)
    if not rows and not forgotten and _in_pack(manifest, id):
        yield f"not drawn: the pack has more text than the tail's share holds: {manifest.recipe['tail']}"


def _in(path: str, row: SetDocument) -> str:
    injected = "injected as rare text, " if row.stratum == TAIL else ""
    rarity = "" if row.rarity is None else f", rarity {row.rarity:.3f}"
    return (
        f"in: {injected}copy {row.copy + 1} of {row.copies}, in {path} ({_source(row)}); "
        f"weight {row.weight:.4g}"
        f"{rarity}, inclusion probability {row.inclusion_probability:.4g}, "
        f"expected copies {row.expected_copies:.4g}, key {row.key:.6g}"
    )


def _source(row: SetDocument) -> str:
    where = f"{row.run}, read from {row.file_path}" if row.run else f"tail pack {row.file_path}"
    return f"{row.provenance}, of {where}"


def _kept_out(folder: str, manifest: SetManifest, id: str) -> Iterator[tuple[str, str, str]]:
    content = read_checked(folder, KEPT_OUT, manifest.files[KEPT_OUT])
    table = pq.read_table(pa.BufferReader(content))
    named = pa.array([id, f"{FORGOTTEN_ID}{sha256(id)}"])
    for row in table.filter(pc.is_in(table.column("id"), named)).to_pylist():
        yield row["run"], row["reason"], row["detail"]


def _of_run(run: MixedRun, id: str) -> Iterator[str]:
    """What became of a document in a run."""
    yield from _forgotten(run.path, id)
    released = {batch: release.number for release in run.releases for batch in release.batches}
    for path, row in _find(run, id, ("documents/", "declined/", "hold/", "rejects/")):
        if path.startswith("documents/"):
            label = path.split("/")[1].removeprefix("provenance=")
            by = " (released by a person)" if "/released-" in path else ""
            reasons = "; ".join(row["reasons"])
            yield f"labelled {label}{by}: {run.path}/{path}; read from {row['file_path']}; {reasons}"
        elif path.startswith("declined/"):
            yield f"declined by {row['decided_by']}: {row['decision_reason']} ({run.path}/{path})"
        elif path.startswith("hold/"):
            batch = path.split("/")[1].removeprefix("batch=")
            if batch not in released:
                yield f"held: in batch {batch} of {run.path}, which waits for a person"
        else:
            yield f"rejected: {row['reason']}: {row['detail']} ({row['file_path']}, {run.path}/{path})"


def _find(run: MixedRun, id: str, folders: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, entry in sorted(run.files.items()):
        if not path.startswith(folders) or not path.endswith(".parquet"):
            continue
        table = pq.read_table(pa.BufferReader(read_checked(run.path, path, entry)))
        for row in table.filter(pc.fill_null(pc.equal(table.column("id"), id), False)).to_pylist():
            yield path, row


def _labelled(run: MixedRun, id: str) -> tuple[str, PublishedDocument]:
    path, row = next(_find(run, id, ("documents/",)))
    return path.split("/")[1].removeprefix("provenance="), msgspec.convert(row, PublishedDocument)


def _not_drawn(
    folder: str, manifest: SetManifest, run: MixedRun, label: str, document: PublishedDocument
) -> str:
    drawn = {stratum.name: stratum for stratum in manifest.drawn}
    if label not in drawn:
        return f"not drawn: the recipe takes no {label} text"
    weight = weight_in(folder, manifest, run, document)
    stratum = drawn[label]
    cap = most_copies(label, manifest.low_frequency.cap)
    u = uniform(manifest.seed, document.id)
    threshold = (
        EVERYTHING if stratum.threshold is None else Threshold(stratum.threshold, stratum.threshold_id or "")
    )
    key = copy_keys(u, weight.weight, cap)[0]
    if threshold.draws(Item(key, document.id)):
        return f"not found: its key {key:.6g} lies below {threshold.key:.6g}, so that it should be in"
    return (
        f"not drawn: its key {key:.6g} (u {u:.6g} / weight {weight.weight:.4g}) is not below "
        f"{threshold.key:.6g}, the threshold of {label}; "
        f"inclusion probability {inclusion(weight.weight, threshold.key):.4g}, "
        f"expected copies {expected_copies(weight.weight, threshold.key, cap):.4g}"
    )


def _in_pack(manifest: SetManifest, id: str) -> bool:
    tail = manifest.recipe.get("tail")
    if not isinstance(tail, dict) or manifest.pack_sha256 is None:
        return False
    try:
        return any(document.id == id for document in read_pack(str(tail["pack"])))
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["lineage", *sys.argv[1:]])

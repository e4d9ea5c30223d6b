"""Documents out of one training set: all copies of each, from its text, its tokens and what describes it.

Counts, shares and hashes are made again from the rows that are left. What was decided or estimated at the
draw stays: the record lists it (`left_as_drawn`).
"""

import gzip
import heapq
import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from wellspring.pages.set import render_set
from wellspring.pipelines.forgetting.request import (
    ForgetRequest,
    Forgotten,
    entries_of,
    forgotten_records,
    record_of,
    release_without,
    with_column,
    without_rows,
)
from wellspring.pipelines.sets.set_card import describe_set
from wellspring.schemas.arrow import arrow_schema
from wellspring.schemas.decision import Release
from wellspring.schemas.encoding import json_bytes, sha256_hex
from wellspring.schemas.forgotten import FORGOTTEN
from wellspring.schemas.manifest import FileEntry
from wellspring.schemas.training_set import FORGOTTEN_ID, SetDocument, SetManifest
from wellspring.signals.mix.indexed_tokens import without_documents
from wellspring.signals.mix.rarity import content_keys
from wellspring.signals.mix.tally import SetTally
from wellspring.signals.stats.count_min import CountMin
from wellspring.signals.verdict.forgotten import ID, Selection, sha256
from wellspring.transforms.curate.finish_run import AUDITS_IN_REPORT, flagged_first
from wellspring.transforms.mix.finish_set import COUNTED_WORDS, KEPT_OUT, binned, rarity_step, tallied
from wellspring.transforms.mix.pack_source import read_pack
from wellspring.transforms.mix.write_set import json_lines
from wellspring.transforms.runs.finished_run import FinishedRun, RunError, read_as_recorded
from wellspring.transforms.storage.parquet_bytes import parquet_bytes, table_bytes
from wellspring.transforms.storage.replace_files import replace_files
from wellspring.transforms.storage.storage import open_storage

_CARD, _CROISSANT = "README.md", "croissant.json"
_OTHER = re.compile(
    r"(?P<before>(?:same text as|close to|quotes) anchor document |same text as |injected as )(?P<rest>.*)",
    re.DOTALL,
)
"""How a detail of `lineage/kept_out.parquet` names another document."""
_AS_DRAWN = [
    "manifest.json: plan, lowered_from, low_frequency, kept_out, batches, batches_held, thresholds in drawn, "
    "corpus in rarity, corpus and plain in rare_types",
    "documents/: key, weight, rarity, inclusion_probability, expected_copies, batch_id",
    "audits/ and the tickets of hold/",
    f"{COUNTED_WORDS}: counts of hashed words of the runs",
]


class _Set(NamedTuple):
    """A set as it lies there, with the releases of its held batches."""

    run: FinishedRun
    manifest: SetManifest
    releases: dict[str, Release]

    def read(self, path: str, entry: FileEntry) -> bytes:
        return read_as_recorded(self.run.storage, path, entry, self.run.folder)

    def rows(self, path: str) -> list[SetDocument]:
        """The rows of a file that the draw wrote."""
        content = self.read(path, self.manifest.files[path])
        if path.endswith(".parquet"):
            return msgspec.convert(pq.read_table(pa.BufferReader(content)).to_pylist(), list[SetDocument])
        return [msgspec.json.decode(line, type=SetDocument) for line in gzip.decompress(content).splitlines()]

    def drawn_files(self) -> list[str]:
        """The files of documents that the draw wrote: in the set, or held by its gate."""
        return [
            path
            for path in sorted(self.manifest.files)
            if path.startswith(("documents/", "hold/")) and path.endswith((".parquet", ".jsonl.gz"))
        ]

    def released(self) -> dict[str, pa.Table]:
        """What people's releases published, by path."""
        return {
            path: pq.read_table(pa.BufferReader(self.read(path, entry)))
            for release in self.releases.values()
            for path, entry in release.files.items()
        }


class _Left(NamedTuple):
    """What is left of a set's rows: its tally, its changed files (None: gone), and what they lost."""

    tally: SetTally
    contents: dict[str, tuple[bytes | None, int]]
    labelled: Counter[str]
    held: int


def forget_in_set(folder: str, request: ForgetRequest, known: Collection[str] = ()) -> Forgotten:
    """Removes what matches from one set.

    Args:
        known: sha256 of ids that the same request met in other folders. Of a document that was kept out a
            set has the id alone, so that its url says nothing.

    Raises:
        RunError: it is no training set, or a file isn't what its manifest says.
    """
    generations = open_storage(folder).generations()
    run = FinishedRun(folder)
    here = _Set(run, set_manifest(run), run.releases())
    selection, released = request.selection, here.released()
    pairs = [(row.id, row.url) for path in here.drawn_files() for row in here.rows(path)]
    ids = {id for id, url in pairs if selection.matches(id, url)}
    hashes = {*known, *map(sha256, ids)} | ({sha256(selection.value)} if selection.by == ID else set())
    left = _without(here, ids)
    contents = dict(left.contents)
    for path, table in released.items():
        if (without := without_rows(table, ids)) is not None:
            contents[path] = table_bytes(without), without.num_rows
    kept_out = pq.read_table(pa.BufferReader(here.read(KEPT_OUT, here.manifest.files[KEPT_OUT])))
    unnamed, cleared = _kept_out_without(kept_out, hashes)
    if unnamed is not None:
        contents[KEPT_OUT] = table_bytes(unnamed), unnamed.num_rows
    cleared |= {sha256(id) for id in _ids_of_limits(here.manifest)} & hashes
    if not contents and not cleared:
        return Forgotten(0, 0)
    releases = {
        path: release_without(release, released, ids, entries_of(contents))
        for path, release in here.releases.items()
    }
    releases = {path: release for path, release in releases.items() if release != here.releases[path]}
    number = len(forgotten_records(run.storage)) + 1
    record = record_of(
        request,
        number,
        {*map(sha256, ids), *cleared},
        labelled=left.labelled,
        held=left.held,
        manifest_sha256_before=run.manifest_sha256,
        releases_sha256_before={path: sha256_hex(run.storage.read(path)) for path in releases},
        left_as_drawn=_AS_DRAWN,
    )
    contents[f"{FORGOTTEN}/{number}.json"] = json_bytes(record), len(record.ids_sha256)
    described = _described(here, _manifest_without(here, left.tally, hashes, len(ids)), contents, released)
    staged = {path: content for path, (content, _) in contents.items()}
    staged |= {path: json_bytes(release) for path, release in releases.items()}
    replace_files(run.storage, staged | described, generations)
    return Forgotten(len(ids), len(cleared))


def set_manifest(run: FinishedRun) -> SetManifest:
    """The manifest of a folder that must be a training set.

    Raises:
        RunError: it is a run.
    """
    if not run.is_set:
        raise RunError(f"{run.folder} is not a training set: a run is named by --run")
    try:
        return msgspec.json.decode(run.storage.read("manifest.json"), type=SetManifest)
    except msgspec.DecodeError as error:
        raise RunError(f"{run.folder}/manifest.json can't be read: {error}") from error


def _without(here: _Set, ids: Collection[str]) -> _Left:
    left = _Left(SetTally(), {}, Counter(), 0)
    files, counted = here.manifest.files, None
    if COUNTED_WORDS in files:
        counted = CountMin.from_bytes(here.read(COUNTED_WORDS, files[COUNTED_WORDS]))
    for path in here.drawn_files():
        rows = here.rows(path)
        keep = [row.id not in ids for row in rows]
        kept = [row for row in rows if row.id not in ids]
        held = path.startswith("hold/")
        left.tally.add_rows(kept, held=held)
        if counted is not None and not held:
            words = [content_keys(row.text) for row in kept if row.copy == 0 and row.rarity is not None]
            left.tally.add_words(words, counted)
        if all(keep):
            continue
        if held:
            left = left._replace(held=left.held + len(rows) - len(kept))
            left.contents[path] = parquet_bytes([*kept], arrow_schema(SetDocument)), len(kept)
            continue
        left.labelled.update(row.provenance for row in rows if row.id in ids)
        left.contents.update(_shard_without(here, path, kept, keep))
    return left


def _shard_without(
    here: _Set, path: str, kept: list[SetDocument], keep: Sequence[bool]
) -> dict[str, tuple[bytes | None, int]]:
    """A shard's documents and tokens; all of it goes with its last row."""
    part = path.removeprefix("documents/").partition(".")[0]
    tokens, index = f"tokens/{part}.bin", f"tokens/{part}.idx"
    if not kept:
        return dict.fromkeys((path, tokens, index), (None, 0))
    documents = (
        parquet_bytes([*kept], arrow_schema(SetDocument)) if path.endswith(".parquet") else json_lines(kept)
    )
    try:
        left = without_documents(
            here.read(tokens, here.manifest.files[tokens]), here.read(index, here.manifest.files[index]), keep
        )
    except ValueError as error:
        raise RunError(f"{here.run.folder}/{index}: {error}") from error
    contents = dict(zip((path, tokens, index), (documents, *left), strict=True))
    return {name: (content, len(kept)) for name, content in contents.items()}


def _kept_out_without(table: pa.Table, hashes: Collection[str]) -> tuple[pa.Table | None, set[str]]:
    """`lineage/kept_out.parquet` with hashes in place of what was forgotten, None where nothing changes; and
    the hashes of the documents that it listed.
    """
    ids, details = (table.column(name).to_pylist() for name in ("id", "detail"))
    listed = {digest for id in ids if (digest := sha256(id)) in hashes}
    new = {
        "id": [FORGOTTEN_ID + sha256(id) if sha256(id) in listed else id for id in ids],
        "detail": [_detail_without(detail, hashes) for detail in details],
    }
    if (new["id"], new["detail"]) == (ids, details):
        return None, set()
    for name, values in new.items():
        table = with_column(table, name, pa.chunked_array([pa.array(values, pa.string())]))
    return table, listed


def _detail_without(detail: str, hashes: Collection[str]) -> str:
    """The detail with a hash in place of the id of another document, if that was forgotten."""
    found = _OTHER.fullmatch(detail)
    if found is None:
        return detail
    rest = found["rest"]
    # What follows the id begins so, but an id may hold the same characters.
    ends = [len(rest), *(at.start() for at in re.finditer(r" of |: ", rest))]
    for end in ends:
        if (digest := sha256(rest[:end])) in hashes:
            return f"{found['before']}{FORGOTTEN_ID}{digest}{rest[end:]}"
    return detail


def _manifest_without(here: _Set, tally: SetTally, hashes: Collection[str], documents: int) -> SetManifest:
    before = here.manifest
    after = tallied(before, tally)
    was = {stratum.name: stratum for stratum in before.drawn}
    drawn = [
        msgspec.structs.replace(
            stratum,
            threshold=was[stratum.name].threshold,
            threshold_id=_unless_forgotten(was[stratum.name].threshold_id, hashes),
        )
        for stratum in tally.drawn(before.plan, {})
    ]
    rarity = dict(before.rarity)
    steps = [rarity_step(begin) for begin, _, _ in rarity.get("set", [])]
    if steps:
        rarity["set"] = binned(tally.rarity, steps)
    until = before.low_frequency.tail_until
    if until is not None and sha256(str(until[1])) in hashes:
        until = [until[0], ""]
    rare = before.rare_types
    return msgspec.structs.replace(
        after,
        drawn=drawn,
        rarity=rarity,
        rare_types=rare and msgspec.structs.replace(rare, kept=tally.rare_kept()),
        low_frequency=msgspec.structs.replace(before.low_frequency, tail_until=until),
        # Where the runs' probabilities were not calibrated nothing was said of it, nor is now.
        expected_synthetic=after.expected_synthetic if before.expected_synthetic else None,
        forgotten=before.forgotten + documents,
    )


def _ids_of_limits(manifest: SetManifest) -> set[str]:
    """The ids of documents at which a draw ended: they need not be in the set."""
    until = manifest.low_frequency.tail_until
    limits = {stratum.threshold_id for stratum in manifest.drawn} - {None, ""}
    return {str(id) for id in limits} | ({str(until[1])} if until and until[1] else set())


def _unless_forgotten(id: str | None, hashes: Collection[str]) -> str | None:
    return "" if id is not None and sha256(id) in hashes else id


def _described(
    here: _Set,
    manifest: SetManifest,
    contents: dict[str, tuple[bytes | None, int]],
    released: Collection[str],
) -> dict[str, bytes | None]:
    """Card, Croissant file, page and manifest made again, the manifest last."""
    files = manifest.files | entries_of({path: new for path, new in contents.items() if path not in released})
    gone = {path for path, (content, _) in contents.items() if content is None}
    files = {path: entry for path, entry in files.items() if path not in gone}
    manifest = msgspec.structs.replace(manifest, files=files)
    made: dict[str, bytes | None] = dict.fromkeys(p for p in (_CARD, _CROISSANT) if p in files)
    made |= describe_set(manifest, _created(here))
    for path, content in made.items():
        files.pop(path, None)
        if content is not None:
            files[path] = FileEntry(rows=0, sha256=sha256_hex(content))
    manifest = msgspec.structs.replace(manifest, files=dict(sorted(files.items())))
    audits = heapq.nlargest(AUDITS_IN_REPORT, here.run.audits(), key=flagged_first)
    made["report.html"] = render_set(manifest, sorted(audits, key=lambda a: a.batch_id)).encode()
    return made | {"manifest.json": json_bytes(manifest)}


def _created(here: _Set) -> str:
    """When the newest of its runs ended, as its Croissant file says; a set of no documents has none."""
    if _CROISSANT not in here.manifest.files:
        return here.manifest.finished
    content = here.read(_CROISSANT, here.manifest.files[_CROISSANT])
    return str(msgspec.json.decode(content, type=dict[str, object])["datePublished"])


def packs_holding(folder: str, selection: Selection) -> list[str]:
    """The tail pack of a set, where it still has what matches: it is a file of whoever mixed, and no file of
    the set.
    """
    manifest = set_manifest(FinishedRun(folder))
    tail = manifest.recipe.get("tail")
    if not isinstance(tail, dict) or manifest.pack_sha256 is None:
        return []
    pack = str(tail["pack"])
    try:
        return [pack] if any(selection.matches(d.id, d.url) for d in read_pack(pack)) else []
    except (OSError, ValueError):
        return []  # it has moved, or is no pack any more

"""Documents out of one anchor set: the text goes from every version, what was signed stays true.

See `pipelines.anchors.removals` for how a set still verifies after that. Anchor sets lie on this machine.
"""

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from wellspring.pipelines.anchors.folder import (
    REJECTS_FILE,
    VERSIONS,
    removal_file,
    removal_signature_file,
    version_folder,
    writing,
)
from wellspring.pipelines.anchors.keys import default_key_path, load_private_key
from wellspring.pipelines.anchors.removals import unsigned_line
from wellspring.pipelines.anchors.verification import Anchor, verify_anchor
from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.forgetting.request import (
    ForgetRequest,
    Forgotten,
    record_of,
    rejects_cleared,
    without_rows,
)
from wellspring.schemas.anchor import AnchorRemoval, Redacted
from wellspring.schemas.encoding import json_bytes, sha256_hex
from wellspring.schemas.manifest import FileEntry
from wellspring.signals.verdict.forgotten import Selection
from wellspring.signals.verdict.forgotten import sha256 as text_hash
from wellspring.transforms.storage.parquet_bytes import table_bytes
from wellspring.transforms.storage.replace_files import replace_files
from wellspring.transforms.storage.storage import open_storage

_SAME_WORDS = "the same words as "


class ForgottenAnchor(NamedTuple):
    """What an anchor set lost, and what is left to do for people, a line each."""

    forgotten: Forgotten
    to_do: list[str]


def open_to_forget(folder: Path) -> Anchor:
    """An anchor set of which documents may be taken out: nothing of it was changed.

    Raises:
        UsageError: there is none, or it doesn't verify; removals without a signature are no hindrance.
    """
    anchor = verify_anchor(folder)
    if len(anchor.violations) > len(anchor.unsigned):
        raise UsageError(
            f"anchor set {folder} does not verify, so nothing of it is forgotten: {anchor.violations[0]}"
        )
    return anchor


def forget_in_anchor(folder: Path, request: ForgetRequest, key_path: Path | None) -> ForgottenAnchor:
    """Removes what matches from all versions of one anchor set.

    Args:
        key_path: its private key; None for where `anchor create` puts it. Where it isn't, the removal is made
            without a signature, and the set verifies once `anchor sign` has signed it.

    Raises:
        UsageError: it is no anchor set, doesn't verify, or the key is another's.
    """
    with writing(folder, "forget"):
        anchor = open_to_forget(folder)
        key = None
        public = anchor.version.public_key
        if key_path is not None or default_key_path(public).is_file():
            key = load_private_key(key_path, public)
        ids = {d.id for d in anchor.documents if request.selection.matches(d.id, d.url)}
        contents, files, cleared = _files_without(anchor, ids, request.selection)
        if contents:
            record = _record(anchor, request, ids, files)
            staged: dict[str, bytes | None] = dict(contents)
            content = json_bytes(record)
            staged[removal_file(record.number)] = content
            if key is not None:
                staged[removal_signature_file(record.number)] = key.sign(content)
            replace_files(open_storage(str(folder)), staged, {})
            anchor = open_to_forget(folder)
    return ForgottenAnchor(Forgotten(len(ids), cleared), _to_do(anchor, request))


def _files_without(
    anchor: Anchor, ids: Collection[str], selection: Selection
) -> tuple[dict[str, bytes], dict[str, Redacted], int]:
    """The changed files of all versions, their hashes before and after, and how many rejects were cleared."""
    contents: dict[str, bytes] = {}
    files: dict[str, Redacted] = {}
    cleared = 0
    for version in anchor.versions:
        for name in sorted(version.files):
            before = (version_folder(anchor.folder, version.version) / name).read_bytes()
            table = pq.read_table(pa.BufferReader(before))
            if name == REJECTS_FILE:
                without = rejects_cleared(table, ids, selection, _SAME_WORDS)
                left = without[0] if without else None
                cleared += without[1] if without else 0
            else:
                left = without_rows(table, ids)
            if left is None:
                continue
            path = f"{VERSIONS}/{version.version:04d}/{name}"
            contents[path] = table_bytes(left)
            files[path] = Redacted(
                before=FileEntry(rows=table.num_rows, sha256=sha256_hex(before)),
                after=FileEntry(rows=left.num_rows, sha256=sha256_hex(contents[path])),
            )
    return contents, files, cleared


def _record(
    anchor: Anchor, request: ForgetRequest, ids: Collection[str], files: dict[str, Redacted]
) -> AnchorRemoval:
    record = record_of(
        request,
        len(anchor.removals) + 1,
        map(text_hash, ids),
        labelled={},
        held=0,
        manifest_sha256_before=anchor.last_version_sha256 or "",
        releases_sha256_before={},
    )
    places = sorted(anchor.places[id] for id in ids)
    return AnchorRemoval(
        **msgspec.structs.asdict(record),
        previous=anchor.last_removal_sha256,
        version=anchor.version.version,
        root=anchor.version.root,
        documents=len(anchor.documents) - len(ids),
        files=files,
        leaves={str(place): anchor.leaves[place].hex() for place in places},
    )


def _to_do(anchor: Anchor, request: ForgetRequest) -> list[str]:
    """What this command can't do: sign without a key, and take documents out of files that left the set."""
    lines = [unsigned_line(anchor.folder, number) for number in anchor.unsigned]
    asked = (request.selection.by, text_hash(request.selection.value))
    places = {
        int(place): removal.at
        for removal in anchor.removals
        if (removal.selected_by, removal.selected_sha256) == asked
        for place in removal.leaves
    }
    sizes = {version.version: version.documents for version in anchor.versions}
    for export in anchor.exports:
        if any(place < sizes[export.version] and export.exported <= at for place, at in places.items()):
            lines.append(
                f"export {export.export}, by {export.exported_by} on {export.exported} for {export.purpose}, "
                f"held it: delete that file (sha256 {export.output_sha256})"
            )
    return lines

"""The anchor set: verified human text, signed and only added to, that no training set may touch."""

import argparse
import gzip
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wellspring.pipelines.anchors.checks import check_against, patterns_of
from wellspring.pipelines.anchors.folder import (
    REJECTS_FILE,
    documents_file,
    log_export,
    write_version,
    writing,
)
from wellspring.pipelines.anchors.input import Attestation, NewDocuments, attest
from wellspring.pipelines.anchors.keys import (
    load_private_key,
    load_public_key,
    public_hex,
    public_key_path,
    write_new_key,
)
from wellspring.pipelines.anchors.removals import removal_words
from wellspring.pipelines.anchors.sign import sign_removals
from wellspring.pipelines.anchors.verification import Anchor, open_anchor, verify_anchor
from wellspring.pipelines.command.actions import chosen_action
from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.column_flags import columns_of
from wellspring.pipelines.command.input_files import input_files
from wellspring.pipelines.command.own_output import own_file, own_folder
from wellspring.pipelines.curate_settings import load_profile
from wellspring.pipelines.flags.anchor import ACTIONS
from wellspring.schemas.anchor import AnchorCheck, AnchorDocument, AnchorExport, AnchorPolicy, AnchorVersion
from wellspring.schemas.arrow import arrow_schema
from wellspring.schemas.document import Document
from wellspring.schemas.encoding import sha256_hex, utc_now
from wellspring.schemas.manifest import FileEntry
from wellspring.schemas.reject import FILE, Reject
from wellspring.signals.lm.model_folder import REFERENCE_EN
from wellspring.signals.matching.anchor_index import AnchorIndex
from wellspring.signals.matching.merkle import leaf_hash, merkle_root
from wellspring.signals.matching.minhash import NEAR
from wellspring.signals.matching.overlap import QUOTED_SHARE
from wellspring.signals.matching.quotations import COMMON_DOCUMENTS, QUOTATION_WORDS
from wellspring.signals.verdict.forgotten import BlockList, forgotten_reject
from wellspring.signals.verdict.judging import Judge, judge_of
from wellspring.transforms.beam.write_shards import DOCUMENTS_PER_SHARD
from wellspring.transforms.formats.fields import iso_date
from wellspring.transforms.formats.own_texts import read_own_texts, refusal
from wellspring.transforms.formats.rows import Columns
from wellspring.transforms.storage.parquet_bytes import parquet_bytes
from wellspring.transforms.storage.storage import UNFINISHED
from wellspring.transforms.storage.whole_file import messages_beside, whole_file

_SHOWN_REJECTS = 20


def run(argv: Sequence[str] | None = None) -> int:
    """Runs one of the job's commands. Exit codes: 0 done, 1 it doesn't verify or nothing was added."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    name = chosen_action("anchor", ACTIONS, arguments)
    if name is None:
        return 0
    jobs: dict[str, Callable[[argparse.Namespace], int]] = {
        "create": _create,
        "add": _add,
        "verify": _verify,
        "export": _export,
        "sign": _sign,
    }
    return jobs[name](ACTIONS[name].parser().parse_args(arguments[1:]))


def _create(arguments: argparse.Namespace) -> int:
    anchor: Path = arguments.anchor
    _check_outside(arguments.key, anchor, "--key")
    _check_empty(anchor)
    with own_folder("anchor create", anchor, flag="--anchor"):
        _check_empty(anchor)  # another may have come and gone
        key, path = write_new_key(arguments.key)
        write_version(anchor, _first_version(key), {}, key)
    print(f"anchor set {anchor}, version 1, without documents")
    print(f"private key    {path}  (keep it safe and elsewhere: without it nothing can be added)")
    print(f"public key     {public_key_path(path)}  ({public_hex(key)})")
    return 0


def _check_empty(anchor: Path) -> None:
    there = anchor.exists()
    if there and (not anchor.is_dir() or any(path.name != UNFINISHED for path in anchor.iterdir())):
        raise UsageError(f"--anchor {anchor} exists and is not empty: choose another folder")


def _first_version(key: Ed25519PrivateKey) -> AnchorVersion:
    return AnchorVersion(
        version=1,
        previous=None,
        created=utc_now(),
        documents=0,
        added=0,
        root=merkle_root([]).hex(),
        files={},
        attested_by=[],
        licences=[],
        rejected={},
        policy=None,
        exports=0,
        last_export=None,
        public_key=public_hex(key),
    )


def _add(arguments: argparse.Namespace) -> int:
    profile, profile_sha256 = load_profile(arguments.profile)
    if profile.classifier is None:
        raise UsageError(
            f"--profile {profile.name} has no classifier of texts and could veto nothing; use {REFERENCE_EN}"
        )
    flags = Attestation(
        attested_by=arguments.attested_by, attested_on=_date(arguments.attested_on), licence=arguments.licence
    )
    with writing(arguments.anchor, "anchor add"):
        anchor = open_anchor(arguments.anchor)
        key = load_private_key(arguments.key, anchor.version.public_key)
        new = _new_documents(anchor, arguments.input, columns_of(arguments), flags, judge_of(profile))
        checks = _checked(new, patterns_of(vars(arguments)))
        if not new.accepted:
            _show_rejects(new.rejects)
            print(
                f"nothing was added: {_counted(new.rejects) or 'the input holds no document'}",
                file=sys.stderr,
            )
            return 1
        policy = AnchorPolicy(
            profile=profile.name,
            profile_sha256=profile_sha256,
            near_duplicate_jaccard=NEAR,
            quotation_words=QUOTATION_WORDS,
            quoted_share=QUOTED_SHARE,
            common_documents=COMMON_DOCUMENTS,
            checks=checks,
        )
        documents = sorted(new.accepted.values(), key=lambda document: document.id)
        files = _files(documents, new.rejects)
        version = _next_version(anchor, documents, new.rejects, policy, files)
        write_version(arguments.anchor, version, {name: data for name, (data, _) in files.items()}, key)
        there = len(anchor.documents) + len(documents)
    _show_rejects(new.rejects)
    print(f"version {version.version}: {version.added:,} documents added, {there:,} in all")
    print(f"refused        {_counted(new.rejects) or 'none'}")
    print(f"root           {version.root}")
    return 0


def _new_documents(
    anchor: Anchor, patterns: Sequence[str], columns: Columns, flags: Attestation, judge: Judge
) -> NewDocuments:
    new = NewDocuments(anchor.documents, judge)
    documents: list[Document] = []
    for record in read_own_texts(input_files("--input", patterns), columns):
        if isinstance(record, Document):
            documents.append(record)
        else:
            new.rejects.append(record)
    if not documents and new.rejects and all(reject.kind == FILE for reject in new.rejects):
        raise UsageError(f"--input: {refusal(new.rejects[0])}")
    forgotten = BlockList(anchor.removals)
    for document, attested in zip(documents, attest(documents, flags), strict=True):
        if forgotten.blocks(document):
            new.rejects.append(
                forgotten_reject(document.source, document.file_path, document.offset or 0, document.id)
            )
        else:
            new.offer(document, attested)
    return new


def _checked(new: NewDocuments, against: dict[str, list[str]]) -> list[AnchorCheck]:
    """Refuses what is met in the texts to compare with; says what was compared."""
    checks = []
    if against:
        documents = list(new.accepted.values())
        index = AnchorIndex.from_documents((document.id, document.text) for document in documents)
        for kind, patterns in against.items():
            check, reasons = check_against(index, kind, patterns)
            checks.append(check)
            for id, reason in reasons.items():
                if id in new.accepted:
                    new.withdraw(id, f"in_{kind}", reason)
    return checks


def _files(documents: Sequence[AnchorDocument], rejects: Sequence[Reject]) -> dict[str, tuple[bytes, int]]:
    """Files of a version with their rows."""
    files = {}
    for shard, begin in enumerate(range(0, len(documents), DOCUMENTS_PER_SHARD)):
        rows = list(documents[begin : begin + DOCUMENTS_PER_SHARD])
        files[documents_file(shard)] = parquet_bytes([*rows], arrow_schema(AnchorDocument)), len(rows)
    if rejects:
        ordered = sorted(rejects, key=lambda r: (r.file_path, r.offset, r.reason, r.id or ""))
        files[REJECTS_FILE] = parquet_bytes([*ordered], arrow_schema(Reject)), len(ordered)
    return files


def _next_version(
    anchor: Anchor,
    documents: Sequence[AnchorDocument],
    rejects: Sequence[Reject],
    policy: AnchorPolicy,
    files: dict[str, tuple[bytes, int]],
) -> AnchorVersion:
    leaves = [*anchor.leaves, *(leaf_hash(d.id, bytes.fromhex(d.sha256)) for d in documents)]
    return AnchorVersion(
        version=anchor.version.version + 1,
        previous=anchor.last_version_sha256,
        created=utc_now(),
        documents=len(leaves),
        added=len(documents),
        root=merkle_root(leaves).hex(),
        files={name: FileEntry(rows=rows, sha256=sha256_hex(data)) for name, (data, rows) in files.items()},
        attested_by=sorted({document.attested_by for document in documents}),
        licences=sorted({document.licence for document in documents}),
        rejected=dict(sorted(Counter(reject.reason for reject in rejects).items())),
        policy=policy,
        exports=len(anchor.exports),
        last_export=anchor.last_export_sha256,
        public_key=anchor.version.public_key,
        removals=len(anchor.removals),
        last_removal=anchor.last_removal_sha256,
    )


def _verify(arguments: argparse.Namespace) -> int:
    public_key = load_public_key(arguments.public_key) if arguments.public_key else None
    anchor = verify_anchor(
        arguments.anchor, public_key=public_key, at_least_version=arguments.at_least_version
    )
    violations = list(anchor.violations)
    if against := patterns_of(vars(arguments)):
        index = AnchorIndex.from_documents((document.id, document.text) for document in anchor.documents)
        for kind, patterns in against.items():
            _, reasons = check_against(index, kind, patterns)
            violations += [f"document {id!r} is met in {kind} text: {why}" for id, why in reasons.items()]
    if violations:
        print("\n".join(violations))
        print(f"{arguments.anchor} does NOT verify: {len(violations)} violations", file=sys.stderr)
        return 1
    version = anchor.version
    print(
        f"{arguments.anchor} verifies: version {version.version}, {len(anchor.documents):,} documents, "
        f"{len(anchor.exports)} exports"
    )
    for removal in anchor.removals:
        print(f"forgotten      {removal_words(removal)}")
    print(f"root           {version.root}")
    print(f"public key     {version.public_key}{'' if public_key else '  (as its first version says)'}")
    return 0


def _export(arguments: argparse.Namespace) -> int:
    output: Path = arguments.output
    _check_outside(output, arguments.anchor, "--output")
    if not output.absolute().parent.is_dir():
        raise UsageError(f"--output {output}: there is no folder {output.absolute().parent}")
    with own_file("anchor export", output), writing(arguments.anchor, "anchor export"):
        if output.exists():
            raise UsageError(f"--output {output} exists: name another file")
        anchor = open_anchor(arguments.anchor)
        content = b"".join(msgspec.json.encode(document) + b"\n" for document in anchor.documents)
        if output.suffix == ".gz":
            content = gzip.compress(content, mtime=0)
        record = AnchorExport(
            export=len(anchor.exports) + 1,
            previous=anchor.last_export_sha256,
            exported=utc_now(),
            exported_by=arguments.exported_by,
            purpose=arguments.purpose,
            version=anchor.version.version,
            root=anchor.version.root,
            documents=len(anchor.documents),
            forgotten=len(anchor.leaves) - len(anchor.documents),
            output_sha256=sha256_hex(content),
        )
        with whole_file(output) as file:
            file.write(content)
            # Logged first: an export that a kill leaves without its file is better than one without its line.
            log_export(arguments.anchor, record)
    print(
        f"{len(anchor.documents):,} documents of version {record.version} in {output}, "
        f"export {record.export}",
        file=messages_beside(output),
    )
    return 0


def _sign(arguments: argparse.Namespace) -> int:
    signed = sign_removals(arguments.anchor, arguments.key)
    for removal in signed:
        print(f"signed         {removal_words(removal)}")
    if not signed:
        print("every removal is signed already")
    return 0


def _check_outside(path: Path | None, anchor: Path, flag: str) -> None:
    if path is not None and path.resolve().is_relative_to(anchor.resolve()):
        raise UsageError(f"{flag} {path} lies in the anchor set: name a file outside of {anchor}")


def _date(text: str | None) -> str | None:
    date = iso_date(text)
    if text and date is None:
        raise UsageError(f"--attested_on={text} is no ISO date")
    return date


def _counted(rejects: Sequence[Reject]) -> str:
    counts = Counter(reject.reason for reject in rejects)
    return ", ".join(f"{reason} {count}" for reason, count in sorted(counts.items()))


def _show_rejects(rejects: Sequence[Reject]) -> None:
    for reject in rejects[:_SHOWN_REJECTS]:
        name = repr(reject.id) if reject.id else f"{reject.file_path}, record {reject.offset}"
        print(f"refused: {name}: {reject.reason}: {reject.detail}", file=sys.stderr)
    if len(rejects) > _SHOWN_REJECTS:
        print(f"refused: {len(rejects) - _SHOWN_REJECTS} more, in rejects.parquet", file=sys.stderr)


if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["anchor", *sys.argv[1:]])

"""Proves that nothing in an anchor set was changed, and says of everything that was what it is.

What can't be seen: that the last versions, and the exports logged since the last version, are gone, where
nobody remembers how many there were (`at_least_version` does); and anything that the holder of the private
key signed again from the first version on, where nobody remembers the root or the public key.
"""

import itertools
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from wellspring.pipelines.anchors.folder import (
    EXPORTS,
    REJECTS_FILE,
    SIGNATURE_FILE,
    VERSION_FILE,
    VERSIONS,
    export_file,
    removal_file,
    removal_signature_file,
    version_folder,
)
from wellspring.pipelines.anchors.removals import Removals, unsigned_line
from wellspring.pipelines.command.arguments import UsageError
from wellspring.schemas.anchor import AnchorDocument, AnchorExport, AnchorRemoval, AnchorVersion, LoggedExport
from wellspring.schemas.arrow import arrow_schema
from wellspring.schemas.encoding import sha256_hex
from wellspring.schemas.forgotten import FORGOTTEN
from wellspring.schemas.reject import Reject
from wellspring.signals.matching.merkle import leaf_hash, merkle_root
from wellspring.signals.text.normalised_text import normalised_text, text_sha256
from wellspring.transforms.storage.storage import UNFINISHED


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """A set that was read whole, and what is wrong with it: nothing, where it verifies."""

    folder: Path
    versions: list[AnchorVersion]
    documents: list[AnchorDocument]
    exports: list[AnchorExport]
    removals: list[AnchorRemoval]
    leaves: list[bytes]
    """Of all documents that ever were in it, in order."""
    places: dict[str, int]
    """Of each document's leaf, by id."""
    last_version_sha256: str | None
    last_export_sha256: str | None
    last_removal_sha256: str | None
    unsigned: list[int]
    """Removals that nobody has signed; each is a violation."""
    violations: list[str]

    @property
    def version(self) -> AnchorVersion:
        """The last version."""
        return self.versions[-1]


def open_anchor(folder: Path, *, public_key: str | None = None, at_least_version: int = 1) -> Anchor:
    """An anchor set that verifies. All its documents are held in memory.

    Args:
        public_key: the key that must have signed it, 64 hex digits; else the one that its first version pins.
        at_least_version: an older one is a rollback.

    Raises:
        UsageError: it doesn't verify, or there is no anchor set; one line.
    """
    anchor = verify_anchor(folder, public_key=public_key, at_least_version=at_least_version)
    if anchor.violations:
        others = len(anchor.violations) - 1
        more = f" (and {others} more: wellspring anchor verify --anchor={folder})" if others else ""
        raise UsageError(f"anchor set {folder} does not verify: {anchor.violations[0]}{more}")
    return anchor


def verify_anchor(folder: Path, *, public_key: str | None = None, at_least_version: int = 1) -> Anchor:
    """Reads an anchor set and lists all violations, a line each.

    Raises:
        UsageError: there is no anchor set.
    """
    if not (folder / VERSIONS).is_dir():
        raise UsageError(
            f"{folder} holds no anchor set; wellspring anchor create --anchor={folder} makes one"
        )
    reading = _Reading(folder, public_key)
    last_removal = reading.read_all(FORGOTTEN, ".json", reading.read_removal)
    last = reading.read_all(VERSIONS, "", reading.read_version)
    if last < at_least_version:
        reading.violations.append(
            f"version {at_least_version} is expected, version {last} is the last: rolled back?"
        )
    last_export = reading.read_all(EXPORTS, ".json", reading.read_export)
    reading.check_removals()
    reading.check_remembered()
    reading.check_no_other_files()
    return Anchor(
        folder=folder,
        versions=reading.versions,
        documents=reading.documents,
        exports=reading.exports,
        removals=reading.removals.records,
        leaves=reading.leaves,
        places=reading.places,
        last_version_sha256=reading.version_hashes.get(last),
        last_export_sha256=reading.export_hashes.get(last_export),
        last_removal_sha256=reading.removals.hashes.get(last_removal),
        unsigned=reading.unsigned,
        violations=reading.violations,
    )


class _Reading:
    """What was read of a set so far, and what is wrong with it."""

    def __init__(self, folder: Path, public_key: str | None) -> None:
        self.violations: list[str] = []
        self.versions: list[AnchorVersion] = []
        self.documents: list[AnchorDocument] = []
        self.exports: list[AnchorExport] = []
        self.removals = Removals()
        self.unsigned: list[int] = []
        self.leaves: list[bytes] = []
        self.places: dict[str, int] = {}
        self.version_hashes: dict[int, str] = {}
        self.export_hashes: dict[int, str] = {}
        self._folder = folder
        self._public_key = public_key
        self._expected: set[str] = set()
        self._unread: list[str] = []
        """Folders of versions that don't say what is in them."""

    def read_all(self, name: str, ending: str, read: Callable[[int], None]) -> int:
        """Reads what is numbered in a folder, and returns the last number."""
        last = 0
        for number in _numbers(self._folder / name, ending):
            if number != last + 1:
                self._wrong(f"{name}: number {last + 1} is missing")
            read(number)
            last = number
        return last

    def read_version(self, number: int) -> None:
        """Everything that can be said of one version; the ones before it have been read."""
        place = f"version {number}"
        content = self._read(version_folder(self._folder, number) / VERSION_FILE)
        signature = self._read(version_folder(self._folder, number) / SIGNATURE_FILE)
        if content is None or signature is None:
            self._unread.append(f"{VERSIONS}/{number:04d}/")
            return
        self.version_hashes[number] = sha256_hex(content)
        try:
            version = msgspec.json.decode(content, type=AnchorVersion)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._wrong(f"{place}: version.json can't be read: {error}")
            self._unread.append(f"{VERSIONS}/{number:04d}/")
            return
        if self._public_key is None:
            self._public_key = version.public_key
        if version.public_key != self._public_key:
            self._wrong(f"{place} is signed by key {version.public_key}, not by {self._public_key}")
        if not _signed(content, signature, self._public_key):
            # Nothing that it says can be believed, so nothing is checked by it.
            self._wrong(f"{place}: the signature doesn't fit version.json: one of them was changed")
            self._unread.append(f"{VERSIONS}/{number:04d}/")
            return
        if version.version != number:
            self._wrong(f"{place}: its version.json is that of version {version.version}")
        if version.previous != self.version_hashes.get(number - 1):
            self._wrong(f"{place} does not follow the version {number - 1} that is there")
        self.versions.append(version)
        self._read_files(place, number, version)

    def _read_files(self, place: str, number: int, version: AnchorVersion) -> None:
        added: list[AnchorDocument] = []
        for name, entry in sorted(version.files.items()):
            if Path(name).name != name:
                self._wrong(f"{place}: {name!r} is no file's name")
                continue
            data = self._read(version_folder(self._folder, number) / name)
            if data is None:
                continue
            now = self.removals.now(f"{VERSIONS}/{number:04d}/{name}", entry)
            if now is None or sha256_hex(data) != now.sha256:
                self._wrong(f"{place}: {name} was changed: its sha256 is not the one in version.json")
                continue
            struct = Reject if name == REJECTS_FILE else AnchorDocument
            try:
                table = pq.read_table(pa.BufferReader(data))
            except (pa.ArrowException, OSError) as error:
                self._wrong(f"{place}: {name} is no Parquet file: {error}")
                continue
            if table.schema != arrow_schema(struct) or table.num_rows != now.rows:
                self._wrong(f"{place}: {name} has not the columns or rows that it should have")
            elif struct is AnchorDocument:
                added += msgspec.convert(table.to_pylist(), list[AnchorDocument])
        before = len(self.leaves)
        self._check_documents(place, added, before + version.added)
        if (version.added, version.documents) != (len(self.leaves) - before, len(self.leaves)):
            self._wrong(
                f"{place} counts {version.added} added and {version.documents} documents, "
                f"there are {len(self.leaves) - before} and {len(self.leaves)}"
            )
        if version.root != merkle_root(self.leaves).hex():
            self._wrong(f"{place}: the root over all documents is not the one in version.json")

    def _check_documents(self, place: str, added: Sequence[AnchorDocument], end: int) -> None:
        """Whether documents are what was attested; their leaves, up to the place `end`."""
        if any(a.id >= b.id for a, b in itertools.pairwise(added)):
            self._wrong(f"{place}: its documents are not in the order of their ids")
        for document in added:
            if document.id in self.places:
                self._wrong(f"{place}: document {document.id!r} is there twice")
            self._add_forgotten_leaves(end)
            self.places[document.id] = len(self.leaves)
            if document.sha256 != text_sha256(document.text):
                self._wrong(f"{place}: the text of document {document.id!r} is not the one that was hashed")
            if document.normalised_sha256 != text_sha256(normalised_text(document.text)):
                self._wrong(f"{place}: the words of document {document.id!r} are not those that were hashed")
            if not (document.attested_by and document.licence and (document.attested_on or document.date)):
                self._wrong(f"{place}: document {document.id!r} is not attested")
            self.leaves.append(leaf_hash(document.id, bytes.fromhex(text_sha256(document.text))))
        self._add_forgotten_leaves(end)
        self.documents += added

    def _add_forgotten_leaves(self, end: int) -> None:
        """Those that lie before the next document's."""
        while len(self.leaves) < end and len(self.leaves) in self.removals.leaves:
            self.leaves.append(self.removals.leaves[len(self.leaves)])

    def read_removal(self, number: int) -> None:
        """The record of one removal; versions are read by what removals say."""
        content = self._read(self._folder / removal_file(number))
        if content is not None and (fault := self.removals.add(number, content)):
            self._wrong(f"removal {number}: {fault}")

    def check_removals(self) -> None:
        """Whether the key signed the removals, and whether they are of this set; versions have been read."""
        for record in self.removals.records:
            place = f"removal {record.number}"
            version = next((v for v in self.versions if v.version == record.version), None)
            if version is None or version.root != record.root:
                self._wrong(f"{place} is of a version {record.version} that is not there: rolled back?")
            path = self._folder / removal_signature_file(record.number)
            if not path.is_symlink() and not path.exists():
                self.unsigned.append(record.number)
                self._wrong(unsigned_line(self._folder, record.number))
                continue
            content, signature = self._read(self._folder / removal_file(record.number)), self._read(path)
            if content is None or signature is None:
                continue
            if self._public_key is None or not _signed(content, signature, self._public_key):
                self._wrong(f"{place}: the signature doesn't fit its record: one of them was changed")
        beyond = [place for place in self.removals.leaves if place >= len(self.leaves)]
        if beyond:
            self._wrong(f"the removals name {len(beyond)} documents that never were in the set")

    def read_export(self, number: int) -> None:
        """The record of one export; those before it and all versions have been read."""
        place = f"export {number}"
        content = self._read(export_file(self._folder, number))
        if content is None:
            return
        self.export_hashes[number] = sha256_hex(content)
        try:
            logged = msgspec.json.decode(content, type=LoggedExport)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._wrong(f"{place}: its record can't be read: {error}")
            return
        record = logged.record
        if logged.sha256 != sha256_hex(msgspec.json.encode(record)) or content != msgspec.json.encode(logged):
            self._wrong(f"{place}: its record was changed")
        if record.export != number or record.previous != self.export_hashes.get(number - 1):
            self._wrong(f"{place} does not follow the export {number - 1} that is there")
        version = next((v for v in self.versions if v.version == record.version), None)
        documents = record.documents + record.forgotten
        if version is None or (version.root, version.documents) != (record.root, documents):
            self._wrong(f"{place} is of a version {record.version} that is not there: rolled back?")
        self.exports.append(record)

    def check_remembered(self) -> None:
        """Whether the exports and removals that versions remember are there."""
        for version in self.versions:
            there = self.export_hashes.get(version.exports)
            if version.last_export != there:
                self._wrong(f"version {version.version} remembers another export {version.exports}")
            if version.last_removal != self.removals.hashes.get(version.removals):
                self._wrong(f"version {version.version} remembers another removal {version.removals}")

    def check_no_other_files(self) -> None:
        """Whether all files belong to the set."""
        for parent, folders, files in os.walk(self._folder):
            if Path(parent) == self._folder and UNFINISHED in folders:
                folders.remove(UNFINISHED)
            links = [name for name in folders if (Path(parent) / name).is_symlink()]
            for name in sorted([*files, *links]):
                path = (Path(parent) / name).relative_to(self._folder).as_posix()
                if path not in self._expected and not path.startswith(tuple(self._unread)):
                    self._wrong(f"{path} is no part of the set")

    def _read(self, path: Path) -> bytes | None:
        """The content of a file that must be there; a violation and None where it isn't."""
        name = path.relative_to(self._folder).as_posix()
        self._expected.add(name)
        try:
            if path.is_symlink() or not path.is_file():
                self._wrong(f"{name} is missing")
                return None
            return path.read_bytes()
        except OSError as error:
            self._wrong(f"{name} can't be read: {error.strerror}")
            return None

    def _wrong(self, violation: str) -> None:
        self.violations.append(violation)


def _signed(content: bytes, signature: bytes, public_key: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(signature, content)
    except (InvalidSignature, ValueError):  # ValueError: it isn't a key
        return False
    return True


def _numbers(folder: Path, ending: str) -> list[int]:
    """Of the names `0001<ending>`, `0002<ending>`, ... that are in a folder, rising."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    digits = [name.removesuffix(ending) for name in names if name.endswith(ending)]
    numbers = [int(d) for d in digits if d.isascii() and d.isdecimal()]
    return sorted({n for n in numbers if n > 0 and f"{n:04d}{ending}" in names})

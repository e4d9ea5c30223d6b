"""What was forgotten of an anchor set: texts are gone, and still nothing can be changed unseen.

    forgotten/0001.json  0001.signature

A version's `version.json` and signature stay as they are. A removal names each file that lost rows, with its
hash before and after, and keeps the Merkle leaf of each removed document in its place: so the roots that were
signed once hold for what is left. A removal is signed as versions are; without that anybody could take
documents out and say that they were forgotten.
"""

from pathlib import Path

import msgspec

from wellspring.schemas.anchor import AnchorRemoval, Redacted
from wellspring.schemas.encoding import sha256_hex
from wellspring.schemas.manifest import FileEntry


class Removals:
    """The removals of a set in order, and what they say of its files and leaves. Their signatures are for the
    reader to check: it knows the key.
    """

    def __init__(self) -> None:
        self.records: list[AnchorRemoval] = []
        self.hashes: dict[int, str] = {}
        self.leaves: dict[int, bytes] = {}
        """By their place among all leaves."""
        self._files: dict[str, list[Redacted]] = {}

    def add(self, number: int, content: bytes) -> str | None:
        """Takes in the next record; what is wrong with it, None where nothing is."""
        self.hashes[number] = sha256_hex(content)
        try:
            record = msgspec.json.decode(content, type=AnchorRemoval)
            leaves = {int(place): bytes.fromhex(leaf) for place, leaf in record.leaves.items()}
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            return f"its record can't be read: {error}"
        if record.number != number or record.previous != self.hashes.get(number - 1):
            return f"it does not follow the removal {number - 1} that is there"
        self.records.append(record)
        self.leaves |= leaves
        for path, redacted in record.files.items():
            self._files.setdefault(path, []).append(redacted)
        return None

    def now(self, path: str, signed: FileEntry) -> FileEntry | None:
        """What a file must be after all removals; None where they don't start from what was signed."""
        entry = signed
        for redacted in self._files.get(path, []):
            if redacted.before != entry:
                return None
            entry = redacted.after
        return entry


def unsigned_line(anchor: Path, number: int) -> str:
    """The violation of a removal without a signature, and what to do."""
    return (
        f"removal {number} is not signed: whoever holds the key signs it by "
        f"wellspring anchor sign --anchor={anchor} [--key=KEY]"
    )


def removal_words(removal: AnchorRemoval) -> str:
    """A removal in one line: of how many documents, by whom, when, why."""
    return (
        f"removal {removal.number}: {len(removal.leaves):,} documents, by {removal.by} at {removal.at}: "
        f"{removal.reason} (root then {removal.root}, version {removal.version})"
    )

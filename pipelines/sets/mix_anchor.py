"""The anchor set of a recipe: verified before anything is read."""

from pathlib import Path
from typing import NamedTuple

from wellspring.pipelines.anchors.verification import open_anchor


class MixAnchor(NamedTuple):
    """What a mix must know of its anchor set."""

    documents: list[tuple[str, str]]
    """(id, text) of each."""
    facts: dict[str, str]
    """For the set's manifest: path, version, root, public key."""


def load_anchor(path: str) -> MixAnchor:
    """An anchor set that verifies.

    Raises:
        UsageError: it doesn't: not a byte of a set is written beside an anchor that may have changed.
    """
    anchor = open_anchor(Path(path))
    version = anchor.version
    return MixAnchor(
        [(document.id, document.text) for document in anchor.documents],
        {
            "path": path,
            "version": str(version.version),
            "root": version.root,
            "public_key": version.public_key,
        },
    )

"""What must not be drawn: anchor documents and what is close to them, and the texts of a tail pack."""

from collections.abc import Callable
from typing import Any

from schemas.document import PublishedDocument
from schemas.training_set import TAIL, KeptOut
from signals.hashing import content_hash
from signals.pack_file import read_pack
from transforms.open_files import open_binary
from transforms.run_files import RunFile

SHARE_QUOTED = 0.1
"""A quotation keeps a text out where it makes up a tenth of the text or of the anchor document."""


class KeepOut:
    """Made by the launcher, loaded by each worker that counts.

    Args:
        anchor: loads the index of the anchor set; None without one. pack: path of the tail pack, or None.
    """

    def __init__(self, anchor: Callable[[], Any] | None, pack: str | None) -> None:
        self._anchor = anchor
        self._pack = pack
        self._index: Any = None
        self._texts: dict[bytes, str] = {}

    def load(self) -> None:
        """Reads the anchor set and the pack's texts. A pack's own faults are said by who counts it."""
        if self._anchor is not None and self._index is None:
            self._index = self._anchor()
        if self._pack is not None and not self._texts:
            try:
                with open_binary(self._pack) as stream:
                    for document in read_pack(iter(lambda: stream.readline(), b""), self._pack):
                        self._texts.setdefault(content_hash(document.text), document.id)
            except ValueError:
                self._texts = {}

    def find(self, file: RunFile, rows: list[PublishedDocument]) -> list[KeptOut | None]:
        """Why each row is kept out; None where it isn't."""
        found: list[KeptOut | None] = [None] * len(rows)
        if self._index is not None:
            for i, overlap in enumerate(self._index.findings([row.text for row in rows])):
                if overlap is not None and _too_close(overlap):
                    found[i] = KeptOut(
                        run=file.run, id=rows[i].id, reason="anchor", detail=_said(overlap)
                    )
        if self._texts and file.label != TAIL:
            for i, row in enumerate(rows):
                same = self._texts.get(content_hash(row.text))
                if same is not None and found[i] is None:
                    found[i] = KeptOut(
                        run=file.run, id=row.id, reason="tail_pack", detail=f"injected as {same}"
                    )
        return found


def _too_close(overlap: Any) -> bool:
    if overlap.kind != "quotation":
        return True
    return max(overlap.text_share, overlap.anchor_share) >= SHARE_QUOTED


def _said(overlap: Any) -> str:
    if overlap.kind == "exact":
        return f"same text as anchor document {overlap.anchor_id}"
    if overlap.kind == "near":
        return f"close to anchor document {overlap.anchor_id}: Jaccard {overlap.similarity:.2f}"
    return f"quotes anchor document {overlap.anchor_id}: {overlap.text_share:.0%} of this text"

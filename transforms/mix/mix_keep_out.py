"""What must not be drawn: anchor documents and what is close to them, and the texts of a tail pack."""

import msgspec

from wellspring.schemas.document import PublishedDocument
from wellspring.schemas.training_set import TAIL, KeptOut
from wellspring.signals.matching.anchor_index import AnchorIndex
from wellspring.signals.matching.overlap import Overlap
from wellspring.signals.stats.hashing import content_hash
from wellspring.transforms.mix.mix_source import ANCHOR, MixFacts, read_scratch
from wellspring.transforms.mix.pack_source import read_pack
from wellspring.transforms.runs.run_files import RunFile


class KeepOut:
    """Made by the launcher, loaded by each worker that counts.

    Args:
        anchor: whether the scratch folder holds the documents of an anchor set. pack: path of the tail
            pack, or None.
    """

    def __init__(self, facts: MixFacts, anchor: bool, pack: str | None) -> None:
        self._facts = facts
        self._anchor = anchor
        self._pack = pack
        self._index: AnchorIndex | None = None
        self._texts: dict[bytes, str] = {}

    def load(self) -> None:
        """Reads the anchor set and the pack's texts. A pack's own faults are said by who counts it."""
        if self._anchor and self._index is None:
            pairs = msgspec.msgpack.decode(read_scratch(self._facts, ANCHOR), type=list[tuple[str, str]])
            self._index = AnchorIndex.from_documents(pairs)
        if self._pack is not None and not self._texts:
            try:
                for document in read_pack(self._pack):
                    self._texts.setdefault(content_hash(document.text), document.id)
            except ValueError:
                self._texts = {}

    def find(self, file: RunFile, rows: list[PublishedDocument]) -> list[KeptOut | None]:
        """Why each row is kept out; None where it isn't."""
        found: list[KeptOut | None] = [None] * len(rows)
        if self._index is not None:
            for i, overlap in enumerate(self._index.findings([row.text for row in rows])):
                if overlap is not None and overlap.copies:
                    found[i] = KeptOut(run=file.run, id=rows[i].id, reason="anchor", detail=_said(overlap))
        if self._texts and file.label != TAIL:
            for i, row in enumerate(rows):
                same = self._texts.get(content_hash(row.text))
                if same is not None and found[i] is None:
                    found[i] = KeptOut(
                        run=file.run, id=row.id, reason="tail_pack", detail=f"injected as {same}"
                    )
        return found


def _said(overlap: Overlap) -> str:
    if overlap.kind == "exact":
        return f"same text as anchor document {overlap.anchor_id}"
    if overlap.kind == "near":
        return f"close to anchor document {overlap.anchor_id}: Jaccard {overlap.similarity:.2f}"
    return (
        f"quotes anchor document {overlap.anchor_id}: {overlap.text_share:.0%} of this text, "
        f"{overlap.anchor_share:.0%} of that document"
    )

"""What a text shares with a document of an anchor set, and from where on that is too much."""

from typing import Literal

import msgspec

QUOTED_SHARE = 0.1
"""Share of the words, of the text or of the anchor's document, that quotations may cover."""

Kind = Literal["exact", "near", "quotation"]


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """A text's overlap with the anchor's document that it shares most with."""

    kind: Kind
    """`exact`: the same words; `near`: a near-duplicate; `quotation`: at least 13 words in a row."""
    anchor_id: str
    similarity: float | None
    """Jaccard index of their runs of five words; null for a quotation."""
    text_share: float
    """Share of the text's words that lie in a run of 13 words of any document of the anchor set, 0..1."""
    anchor_share: float
    """The other way round, of this one document: a long page may hold all of a short one."""

    @property
    def copies(self) -> bool:
        """Whether the text is to be kept out of a training set: it is the anchor's document or nearly
        so, or a tenth of either is the other's.
        """
        return self.kind != "quotation" or max(self.text_share, self.anchor_share) >= QUOTED_SHARE

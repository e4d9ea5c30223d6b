"""What a training set says of itself, for people and for machines."""

import msgspec

from wellspring.schemas.manifest import FileEntry


class CardShare(msgspec.Struct, frozen=True, kw_only=True):
    """Share of the set's tokens with a label, 0..1, as the recipe has it and as it came out."""

    label: str
    planned: float
    drawn: float


class SetCard(msgspec.Struct, frozen=True, kw_only=True):
    """The facts that a set's data card and its Croissant file are made of."""

    name: str
    description: str
    created: str
    """ISO 8601."""
    documents: int
    """Rows: copies are counted."""
    tokens: int
    tokenizer: str
    shares: list[CardShare]
    expected_synthetic: tuple[float, float, float] | None
    """Share of tokens expected to be synthetic with its 95% interval; null where nothing is judged."""
    licences: dict[str, int]
    """{licence as the sources state it: documents}; `unknown` for those that state none."""
    runs: list[str]
    scorer: str | None
    profile: str
    anchor: str | None
    """Root of the anchor set that was kept out."""
    weaknesses: list[str]
    """Of this set; what holds for any is in the card by itself."""
    files: dict[str, FileEntry]
    """Files of documents by their path in the set: Parquet, or JSON lines (`.jsonl`, `.jsonl.gz`)."""

"""What is known of a document's origin beside what is measured on its text."""

import msgspec

from schemas.sources import SourceEntry


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """All that speaks for an origin; null where nothing does."""

    source: SourceEntry | None = None
    """The entry of sources.yaml that matches."""
    declared_generator: str | None = None
    """The IPTC digital source type by which its page or metadata declares it as a model's work."""
    leaked_phrase: str | None = None
    """A phrase that a chat model says of itself, outside quotation."""
    leak_is_certain: bool = False
    archived: str | None = None
    """Month (YYYY-MM) in which an archive fetched it, where that was before 2022-12."""
    prior: float = 0.5
    """Share of synthetic text to expect before the text is looked at; 0.5 takes no side."""

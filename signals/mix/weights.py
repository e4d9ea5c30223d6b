"""The weight of a document in a mix: its source's, and more where its words are rare in the corpus."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from wellspring.schemas.document import Document, PublishedDocument
from wellspring.schemas.measurements import Measurements
from wellspring.schemas.recipe import LowFrequency
from wellspring.schemas.sources import SourceEntry
from wellspring.signals.mix.low_frequency import multiplicity
from wellspring.signals.mix.rarity import content_keys, not_boosted_because, rarities
from wellspring.signals.stats.count_min import CountMin, Keys
from wellspring.signals.verdict.evidence import find_source


class Weight(NamedTuple):
    weight: float
    rarity: float | None
    """Null for junk, for a text of few words, and where nothing was counted."""
    keys: Keys | None = None
    """Of its content words, where they were counted."""


class Weigher:
    """Weighs documents against the words of the whole corpus."""

    def __init__(
        self,
        low_frequency: LowFrequency | None,
        sources: Sequence[SourceEntry],
        counted: CountMin | None,
        median: float | None,
        perplexity_limits: Mapping[str, float],
    ) -> None:
        """Args:
        low_frequency: of the recipe; None weighs all documents alike. counted: words of the corpus, None
            where rarity isn't asked for. median: of rarity. perplexity_limits: by language.
        """
        self._low_frequency = low_frequency
        self._sources = sources
        self._counted = counted
        self._median = median or 0.0
        self._limits = perplexity_limits

    @property
    def most(self) -> float:
        """No weight is above it."""
        return float(self._low_frequency.cap) if self._low_frequency else 1.0

    def weigh(
        self, documents: Sequence[PublishedDocument], perplexities: Sequence[float | None]
    ) -> list[Weight]:
        """The weight of each document, in order."""
        if self._counted is None:
            return [Weight(self._weight(document, None), None) for document in documents]
        keys = [
            countable(document, perplexity, self._limits)
            for document, perplexity in zip(documents, perplexities, strict=True)
        ]
        measured = iter(rarities([k for k in keys if k is not None], self._counted))
        weights = []
        for document, own in zip(documents, keys, strict=True):
            rarity = None if own is None else next(measured)
            weights.append(Weight(self._weight(document, rarity), rarity, own))
        return weights

    def _weight(self, document: PublishedDocument, rarity: float | None) -> float:
        if self._low_frequency is None:
            return 1.0
        source = find_source(as_document(document), self._sources) if self._sources else None
        return multiplicity(
            rarity,
            self._median,
            strength=self._low_frequency.strength,
            cap=self._low_frequency.cap,
            source_weight=source.weight if source else 1.0,
        )


def countable(
    document: PublishedDocument, perplexity: float | None, limits: Mapping[str, float]
) -> Keys | None:
    """The content words of a document that may count as rare, hashed; None for junk: rare is not garbage."""
    language = document.language
    seen = Measurements(
        id=document.id,
        language=language,
        bytes=0,
        tokens=0,
        words=0,
        sentences=0,
        burstiness=None,
        type_token_ratio=None,
        mattr=None,
        perplexity=perplexity,
    )
    if not_boosted_because(seen, document.text, limits.get(language or "")) is not None:
        return None
    return content_keys(document.text)


def as_document(row: PublishedDocument) -> Document:
    """The document of a row."""
    return Document(
        id=row.id,
        text=row.text,
        source=row.source,
        added=row.added,
        created=row.created,
        metadata=row.metadata,
        dump=row.dump,
        url=row.url,
        date=row.date,
        language=row.language,
        file_path=row.file_path,
        offset=0,
    )

"""sources.yaml: what is known of a source before anything is measured."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field, model_validator

ATTESTED_HUMAN = "attested_human"
KNOWN_MODEL = "known_model"


class Match(BaseModel):
    """Which documents an entry speaks of: all given conditions must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str | None = None
    """The document's `source`."""
    domain: str | None = None
    """Registered domain of the url, as `example.org`, `WWW.Example.ORG` or `http://example.org/`."""
    dump: str | None = None
    """The crawl, such as `CC-MAIN-2026-43`."""
    path: str | None = None
    """Glob over the file's path."""

    @model_validator(mode="after")
    def _not_empty(self) -> "Match":
        # Written out as null a condition holds for every document.
        if all(value is None for value in (self.source, self.domain, self.dump, self.path)):
            raise ValueError("match needs at least one of source, domain, dump, path")
        return self


class SourceEntry(BaseModel):
    """One entry: who vouches for the source, or which model wrote it, and its weight in a mix."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: Match
    """Which documents the entry speaks of."""
    evidence: Literal["attested_human", "known_model"] | None = None
    """What is known; null says nothing of the origin, for an entry that only has a weight."""
    attested_by: str | None = None
    """Who vouches that people wrote it, and when. Required with `attested_human`."""
    model: str | None = None
    """The model that wrote it. Required with `known_model`."""
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """How much more often its documents are drawn by a recipe with `low_frequency`."""

    @model_validator(mode="after")
    def _evidence_is_complete(self) -> "SourceEntry":
        if self.evidence == ATTESTED_HUMAN and not self.attested_by:
            raise ValueError("evidence: attested_human needs attested_by (who vouches, and when)")
        if self.evidence == KNOWN_MODEL and not self.model:
            raise ValueError("evidence: known_model needs model (its name)")
        return self


def entry_names(sources: Sequence[SourceEntry]) -> list[str]:
    """What a manifest calls each entry: its number in the file, from 1, and its conditions."""
    return [
        f"entry {number}: "
        + ", ".join(f"{key}={value}" for key, value in entry.match.model_dump(exclude_none=True).items())
        for number, entry in enumerate(sources, 1)
    ]


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

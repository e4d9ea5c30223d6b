"""sources.yaml: what is known of a source before anything is measured."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

ATTESTED_HUMAN = "attested_human"
KNOWN_MODEL = "known_model"


class Match(BaseModel):
    """Which documents an entry speaks of: all given conditions must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str | None = None
    domain: str | None = None
    """Registered domain of the url."""
    dump: str | None = None
    path: str | None = None
    """Glob over the file's path."""

    @model_validator(mode="after")
    def _not_empty(self) -> "Match":
        if not self.model_fields_set:
            raise ValueError("match needs at least one of source, domain, dump, path")
        return self


class SourceEntry(BaseModel):
    """One entry: who vouches for the source, or which model wrote it, and its weight in a mix."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: Match
    evidence: Literal["attested_human", "known_model"] | None = None
    attested_by: str | None = None
    model: str | None = None
    weight: float = Field(default=1.0, gt=0)

    @model_validator(mode="after")
    def _evidence_is_complete(self) -> "SourceEntry":
        if self.evidence == ATTESTED_HUMAN and not self.attested_by:
            raise ValueError("evidence: attested_human needs attested_by (who vouches, and when)")
        if self.evidence == KNOWN_MODEL and not self.model:
            raise ValueError("evidence: known_model needs model (its name)")
        return self

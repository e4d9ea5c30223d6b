"""A tail pack: rare documents that people chose and vouch for."""

from collections.abc import Mapping

import msgspec

from wellspring.schemas.document import Document, PublishedDocument
from wellspring.schemas.label import ABSTAIN, HUMAN_VERIFIED, LOW
from wellspring.signals.stats.hashing import content_hash
from wellspring.signals.text.language import detect_language

SOURCE = "tail-pack"
"""Of documents that name none."""


class _Vouched(msgspec.Struct):
    attested_by: str | None = None
    provenance: str | None = None
    language: str | None = None


def packed_document(row: Mapping[str, object], document: Document) -> PublishedDocument:
    """A document of a pack by its row; tokens are not counted yet (`token_count` 0).

    A document without an id gets one from its text.

    Raises:
        ValueError: nobody vouches that a person wrote it: text of the model that is to be kept from collapse
            must not come back in through its tail.
    """
    vouched = msgspec.convert({name: row.get(name) for name in _Vouched.__struct_fields__}, _Vouched)
    if not (vouched.attested_by or vouched.provenance == HUMAN_VERIFIED):
        raise ValueError(
            "nobody vouches for it; give attested_by (who says that a person wrote it, and when) or "
            f"provenance: {HUMAN_VERIFIED}"
        )
    if vouched.provenance not in (None, HUMAN_VERIFIED):
        raise ValueError(f"provenance is {vouched.provenance}; a tail takes {HUMAN_VERIFIED} alone")
    date = row.get("date")
    return PublishedDocument(
        id=f"tail-{content_hash(document.text).hex()}" if row.get("id") in (None, "") else document.id,
        text=document.text,
        source=document.source if row.get("source") else SOURCE,
        added=None,
        created=None,
        metadata="{}",
        dump=None,
        url=document.url,
        date=date if isinstance(date, str) else document.date,
        language=vouched.language or detect_language(document.text),
        file_path=document.file_path,
        token_count=0,
        verdict=ABSTAIN,
        confidence=LOW,
        probability=None,
        reasons=[
            f"attested as human by {vouched.attested_by}" if vouched.attested_by else "verified in its pack"
        ],
        batch_id="",
    )

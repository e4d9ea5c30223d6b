"""A tail pack: rare documents that people chose and vouch for, a JSON line each."""

from collections.abc import Iterable, Iterator

import msgspec

from schemas.document import PublishedDocument
from schemas.label import ABSTAIN, HUMAN_VERIFIED, LOW
from signals.hashing import content_hash
from signals.language import detect_language

_LONGEST_LINE = 8 << 20


class _Line(msgspec.Struct):
    text: str
    id: str | None = None
    source: str = "tail-pack"
    attested_by: str | None = None
    provenance: str | None = None
    url: str | None = None
    date: str | None = None
    language: str | None = None


def read_pack(lines: Iterable[bytes], path: str) -> Iterator[PublishedDocument]:
    """The documents of a pack; tokens are not counted yet (`token_count` 0).

    A document without an id gets one from its text.

    Raises:
        ValueError: a line is no such document, or nobody vouches that a person wrote it: text of the
            model that is to be kept from collapse must not come back in through its tail.
    """
    decoder = msgspec.json.Decoder(_Line)
    ids: set[str] = set()
    for number, line in enumerate(lines, 1):
        if len(line) > _LONGEST_LINE:
            raise ValueError(f"tail pack {path}, line {number}: longer than {_LONGEST_LINE} bytes")
        if not line.strip():
            continue
        try:
            one = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"tail pack {path}, line {number}: {error}") from error
        if not (one.attested_by or one.provenance == HUMAN_VERIFIED):
            raise ValueError(
                f"tail pack {path}, line {number}: nobody vouches for it; give attested_by (who says that a "
                f"person wrote it, and when) or provenance: {HUMAN_VERIFIED}"
            )
        if one.provenance not in (None, HUMAN_VERIFIED):
            raise ValueError(
                f"tail pack {path}, line {number}: provenance is {one.provenance}; a tail takes "
                f"{HUMAN_VERIFIED} alone"
            )
        id = one.id or f"tail-{content_hash(one.text).hex()}"
        if id in ids:
            raise ValueError(f"tail pack {path}, line {number}: id or text {id!r} stands there twice")
        ids.add(id)
        yield PublishedDocument(
            id=id,
            text=one.text,
            source=one.source,
            added=None,
            created=None,
            metadata="{}",
            dump=None,
            url=one.url,
            date=one.date,
            language=one.language or detect_language(one.text),
            file_path=path,
            token_count=0,
            verdict=ABSTAIN,
            confidence=LOW,
            probability=None,
            reasons=[
                f"attested as human by {one.attested_by}" if one.attested_by else "verified in its pack"
            ],
            batch_id="",
        )

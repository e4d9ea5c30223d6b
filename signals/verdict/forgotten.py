"""Which documents a request to forget means, and which ones were forgotten before."""

from collections.abc import Iterable
from typing import NamedTuple

from wellspring.schemas.document import Document
from wellspring.schemas.encoding import sha256_hex
from wellspring.schemas.forgotten import FORGOTTEN, ForgottenRecord
from wellspring.schemas.reject import RECORD, Reject
from wellspring.signals.stats.hashing import content_hash, suffixed_id
from wellspring.signals.verdict.evidence import registered_domain

ID, URL, DOMAIN = "id", "url", "domain"


def sha256(value: str) -> str:
    """SHA-256 of a string's UTF-8, as hex."""
    return sha256_hex(value.encode(errors="surrogatepass"))


class Selection(NamedTuple):
    """Documents by their `id`, their `url`, or the registered `domain` of their url; exactly equal."""

    by: str
    value: str

    def matches(self, id: str | None, url: str | None) -> bool:
        if self.by == ID:
            return id == self.value
        return self.value == (url if self.by == URL else registered_domain(url))


class BlockList:
    """Hashes of what was forgotten."""

    def __init__(self, records: Iterable[ForgottenRecord]) -> None:
        self._hashes: dict[str, set[str]] = {ID: set(), URL: set(), DOMAIN: set()}
        for record in records:
            self._hashes[record.selected_by].add(record.selected_sha256)
            self._hashes[ID].update(record.ids_sha256)

    def blocks(self, document: Document) -> bool:
        """Whether the document was forgotten: by its id (also with the suffix that an id which several
        texts share gets in a run), its url or its domain.
        """
        ids, urls, domains = self._hashes[ID], self._hashes[URL], self._hashes[DOMAIN]
        if ids and (
            sha256(document.id) in ids or sha256(suffixed_id(document.id, content_hash(document.text))) in ids
        ):
            return True
        if document.url is None:
            return False
        if urls and sha256(document.url) in urls:
            return True
        domain = registered_domain(document.url) if domains else None
        return domain is not None and sha256(domain) in domains


def forgotten_reject(source: str, file_path: str, offset: int, id: str) -> Reject:
    """The reject of a forgotten document: it names no url and no id."""
    return Reject(
        kind=RECORD,
        reason=FORGOTTEN,
        detail=f"sha256 of the id: {sha256(id)}",
        source=source,
        file_path=file_path,
        offset=offset,
    )

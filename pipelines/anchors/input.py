"""Documents on their way into an anchor set: attested, new, and not vetoed; or refused with a reason."""

from collections.abc import Iterable, Sequence

import msgspec

from wellspring.pipelines.command.arguments import UsageError
from wellspring.schemas.anchor import AnchorDocument
from wellspring.schemas.document import Document
from wellspring.schemas.label import HIGH, SYNTHETIC
from wellspring.schemas.reject import Reject, reject_document
from wellspring.signals.lm.measuring import with_language
from wellspring.signals.text.normalised_text import normalised_text, text_sha256
from wellspring.signals.text.text_measurements import measure_text
from wellspring.signals.verdict.judging import Judge
from wellspring.transforms.formats.fields import MAX_ID_CHARACTERS, bounded, iso_date


class Attestation(msgspec.Struct, frozen=True, kw_only=True):
    """Who attests to a document's human author, when, and its licence; null where it isn't said."""

    attested_by: str | None = None
    attested_on: str | None = None
    licence: str | None = None


class _Columns(msgspec.Struct, frozen=True):
    """Attestations in a document's own columns; `license` is taken too. Whatever types the input has."""

    attested_by: object = None
    attested_on: object = None
    licence: object = None
    license: object = None


_decoder = msgspec.json.Decoder(_Columns)


def attest(documents: Iterable[Document], flags: Attestation) -> list[AnchorDocument]:
    """The documents with their attestations: a document's own columns go before the flags.

    Raises:
        UsageError: some have none; nothing of such an input may enter.
    """
    attested, faults = [], []
    for document in documents:
        own = _own_attestation(document)
        who = own.attested_by or flags.attested_by
        when = own.attested_on or flags.attested_on
        licence = own.licence or flags.licence
        date = document.date or iso_date(document.created)
        lacking = [
            name
            for name, value in (
                ("attested_by", who),
                ("licence", licence),
                ("attested_on or date", when or date),
            )
            if not value
        ]
        if lacking:
            faults.append(f"document {document.id!r} has no {', no '.join(lacking)}")
            continue
        attested.append(
            AnchorDocument(
                id=document.id,
                text=document.text,
                source=document.source,
                url=document.url,
                date=date,
                attested_by=who or "",
                attested_on=when,
                licence=licence or "",
                metadata=document.metadata,
                sha256=text_sha256(document.text),
                normalised_sha256=text_sha256(normalised_text(document.text)),
            )
        )
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise UsageError(f"{faults[0]}{more}: say it in columns of --input, or for all of it by flags")
    return attested


def _own_attestation(document: Document) -> Attestation:
    try:
        columns = _decoder.decode(document.metadata)
    except (msgspec.DecodeError, RecursionError):
        return Attestation()  # NaN, or nested too deep: readers keep it as the input had it
    on = iso_date(columns.attested_on)
    if columns.attested_on not in (None, "") and on is None:
        raise UsageError(f"document {document.id!r}: attested_on {columns.attested_on!r} is no ISO date")
    return Attestation(
        attested_by=_text(columns.attested_by),
        attested_on=on,
        licence=_text(columns.licence) or _text(columns.license),
    )


def _text(value: object) -> str | None:
    return bounded(value, MAX_ID_CHARACTERS).strip() or None if isinstance(value, str) else None


class NewDocuments:
    """Sorts documents into those that may enter a set and those that are refused."""

    def __init__(self, present: Sequence[AnchorDocument], judge: Judge) -> None:
        self._by_id = {document.id: document.sha256 for document in present}
        self._by_words = {document.normalised_sha256: document.id for document in present}
        self._judge = judge
        self.accepted: dict[str, AnchorDocument] = {}
        self.rejects: list[Reject] = []
        self._inputs: dict[str, Document] = {}

    def offer(self, document: Document, attested: AnchorDocument) -> None:
        """Takes or refuses one document, as it was read and as it would enter.

        Raises:
            UsageError: another text has its id.
        """
        known = self._by_id.get(document.id)
        if known is not None and known != attested.sha256:
            raise UsageError(
                f"document {document.id!r}: another text has this id already, in the set or in --input; "
                "nothing was added"
            )
        if known is not None:
            self._refuse(document, "already_there", "the same text under the same id")
        elif not normalised_text(document.text):
            self._refuse(document, "empty", "no word in the text")
        elif attested.normalised_sha256 in self._by_words:
            other = self._by_words[attested.normalised_sha256]
            self._refuse(document, "duplicate", f"the same words as {other}")
        elif doubt := self._veto(document):
            self._refuse(document, "synthetic", doubt)
        else:
            self._by_id[document.id] = attested.sha256
            self._by_words[attested.normalised_sha256] = document.id
            self.accepted[document.id] = attested
            self._inputs[document.id] = document

    def withdraw(self, id: str, reason: str, detail: str) -> None:
        """Refuses a document that had been accepted."""
        del self.accepted[id]
        self._refuse(self._inputs[id], reason, detail)

    def _refuse(self, document: Document, reason: str, detail: str) -> None:
        self.rejects.append(reject_document(document, reason, detail))

    def _veto(self, document: Document) -> str | None:
        """Why the detector is sure that a machine wrote it, by the text alone."""
        language = with_language(document).language
        # No classifier looks at the number of tokens.
        measured = measure_text(document.id, document.text, language=language, tokens=0)
        verdict = self._judge(document.text, measured)
        if (verdict.verdict, verdict.confidence) != (SYNTHETIC, HIGH):
            return None
        return f"SYNTHETIC at HIGH confidence: {'; '.join(verdict.reasons)}"

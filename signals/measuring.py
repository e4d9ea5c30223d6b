"""Documents to measured documents: tokenized once, measured without a language model."""

from collections.abc import Sequence

import msgspec

from schemas.batch import MeasuredDocument
from schemas.document import Document
from schemas.reject import Reject, reject_document
from signals.entropy import pack_ids
from signals.language import detect_language
from signals.text_measurements import measure_text
from signals.tokenization import Tokenizer


def with_language(document: Document) -> Document:
    """The document with its detected language; one that the input names is kept."""
    if document.language is not None:
        return document
    return msgspec.structs.replace(document, language=detect_language(document.text))


def measure_documents(documents: Sequence[Document], tokenizer: Tokenizer) -> list[MeasuredDocument | Reject]:
    """Each document measured, in order; one without a single token is a reject (`no_tokens`)."""
    measured: list[MeasuredDocument | Reject] = []
    for document, ids in zip(documents, tokenizer.encode_batch([d.text for d in documents]), strict=True):
        if not len(ids):
            measured.append(
                reject_document(document, "no_tokens", "the tokenizer made no token of this text")
            )
            continue
        measurements = measure_text(document.id, document.text, language=document.language, tokens=len(ids))
        measured.append(
            MeasuredDocument(document=document, token_ids=pack_ids(ids), measurements=measurements)
        )
    return measured

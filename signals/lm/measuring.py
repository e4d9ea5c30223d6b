"""Documents to measured documents: tokenized once, measured without a language model."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from wellspring.schemas.batch import MeasuredDocument
from wellspring.schemas.document import Document
from wellspring.schemas.reject import Reject, reject_document
from wellspring.signals.entropy import pack_ids
from wellspring.signals.lm.tokenization import Tokenizer
from wellspring.signals.text.invisible_runs import runs_left_out
from wellspring.signals.text.language import detect_language
from wellspring.signals.text.text_measurements import measure_text

_MESSAGE_CHARACTERS = 200
"""Of a tokenizer's error, which may repeat the text."""


def with_language(document: Document) -> Document:
    """The document with its detected language; one that the input names is kept."""
    if document.language is not None:
        return document
    return msgspec.structs.replace(document, language=detect_language(document.text))


def measure_documents(documents: Sequence[Document], tokenizer: Tokenizer) -> list[MeasuredDocument | Reject]:
    """Each document measured, in order; one without a single token is a reject (`no_tokens`), and so is
    one that the tokenizer fails on (`untokenizable`).
    """
    measured: list[MeasuredDocument | Reject] = []
    for document, ids in zip(documents, _encoded([d.text for d in documents], tokenizer), strict=True):
        if isinstance(ids, str):
            measured.append(reject_document(document, "untokenizable", ids))
            continue
        if not len(ids):
            measured.append(
                reject_document(document, "no_tokens", "the tokenizer made no token of this text")
            )
            continue
        measurements = measure_text(document.id, document.text, language=document.language, tokens=len(ids))
        if left_out := runs_left_out(document.metadata):
            undefined = [*measurements.undefined, *left_out]
            measurements = msgspec.structs.replace(measurements, undefined=undefined)
        measured.append(
            MeasuredDocument(document=document, token_ids=pack_ids(ids), measurements=measurements)
        )
    return measured


def _encoded(texts: Sequence[str], tokenizer: Tokenizer) -> list[NDArray[np.int32] | str]:
    """Token ids of each text, or what the tokenizer said of it. One that fails in a batch takes the
    batch with it, so that the texts are then encoded one by one.
    """
    try:
        return list(tokenizer.encode_batch(texts))
    except BaseException as error:
        # A panic of the library's Rust is no Exception; a wish to end the process is none either.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        if len(texts) == 1:
            return [" ".join(f"{type(error).__name__}: {str(error)[:_MESSAGE_CHARACTERS]}".split())]
    return [_encoded([text], tokenizer)[0] for text in texts]

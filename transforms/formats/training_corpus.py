"""Reads the text that models and references are made of."""

from collections.abc import Iterable

from wellspring.schemas.reject import Reject
from wellspring.signals.lm.training_text import CorpusDocument
from wellspring.transforms.formats.limits import Limits
from wellspring.transforms.formats.own_texts import read_own_rows, refusal, stem
from wellspring.transforms.formats.rows import COLUMNS, Columns

_LIMITS = Limits(min_characters=1, max_record_bytes=1 << 30)
"""A book is one text."""


def read_corpus(
    paths: Iterable[str], label: str | None = None, columns: Columns = COLUMNS
) -> list[CorpusDocument]:
    """All documents of files of texts, white space folded to spaces; a file's name is its register.

    Lines may have a `label` (human or synthetic): with `label` given, those of another one are left out.
    Empty texts are passed over.

    Raises:
        OSError: a file can't be read. ValueError: a line has no text; names file and line.
    """
    documents = []
    for path in paths:
        register = stem(path)
        for row, outcome in read_own_rows([path], columns, _LIMITS):
            if isinstance(outcome, Reject):
                if outcome.reason != "empty":
                    raise ValueError(refusal(outcome))
            elif label is None or row.get("label") in (None, label):
                documents.append(CorpusDocument(register, outcome.id, " ".join(outcome.text.split())))
    return documents

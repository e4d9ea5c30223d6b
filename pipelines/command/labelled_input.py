"""Labelled files, read as `score` reads them: so that what it says of a text is found by the text's id."""

import sys
from collections.abc import Iterable

import msgspec

from wellspring.pipelines.command.arguments import UsageError
from wellspring.schemas.reject import Reject
from wellspring.signals.calibration.labelled import LabelledText, labelled_text
from wellspring.transforms.formats.limits import Limits
from wellspring.transforms.formats.own_texts import place_of, read_own_rows, refusal
from wellspring.transforms.formats.rows import COLUMNS, Columns
from wellspring.transforms.storage.public_path import public_path


def read_labelled(names: Iterable[str], flag: str, columns: Columns = COLUMNS) -> list[LabelledText]:
    """The labelled texts of files, JSON lines or Parquet, in their order.

    A text that stands twice under one id and label counts once, and it is said.

    Args:
        flag: what names the files, for messages.

    Raises:
        UsageError: a file can't be read. ValueError: a line is no labelled text, an id belongs to two texts,
            or there is no text; one line.
    """
    names = list(names)
    columns = msgspec.structs.replace(columns, once=True)
    texts: dict[str, LabelledText] = {}
    repeated = 0
    try:
        for row, outcome in read_own_rows(names, columns, Limits(min_characters=1)):
            if isinstance(outcome, Reject):
                raise ValueError(refusal(outcome))
            try:
                text = labelled_text(row, outcome)
            except ValueError as error:
                raise ValueError(f"{place_of(outcome)}: {error}") from error
            known = texts.setdefault(text.id, text)
            if (known.text, known.synthetic) != (text.text, text.synthetic):
                raise ValueError(f"{place_of(outcome)}: the id {text.id!r} occurs twice")
            repeated += known is not text
    except OSError as error:
        shown = ",".join(map(public_path, names))
        raise UsageError(f"{flag} {shown!r} can't be read: {error}") from error
    if not texts:
        raise ValueError(f"{', '.join(map(public_path, names))} holds no labelled text")
    if repeated:
        said = (
            "1 text occurs again and counts" if repeated == 1 else f"{repeated:,} texts occur again and count"
        )
        print(f"{said} once", file=sys.stderr)
    return list(texts.values())

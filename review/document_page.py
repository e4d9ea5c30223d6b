"""A held document as its page shows it: each token coloured by how expected it was, as GLTR does.

Gehrmann, Strobelt and Rush (2019), "GLTR: Statistical Detection and Visualization of Generated Text", colour
by the token's rank; here it is its probability under the scorer, which held documents carry.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from wellspring.review.rendering import lines
from wellspring.schemas.document import HeldDocument
from wellspring.signals.entropy import unpack_ids
from wellspring.signals.lm.surprisal_levels import LEVELS_PER_NAT, UNSCORED

CHARACTERS = 20_000
"""What is shown of a text at once."""
_BOUNDS = (1.0, 4.0, 8.0, 12.0)  # bits: a half, 1/16, 1/256, 1/4096
CLASSES = (
    ("expected", "at least 1 in 2"),
    ("likely", "1 in 2 to 1 in 16"),
    ("plausible", "1 in 16 to 1 in 256"),
    ("unlikely", "1 in 256 to 1 in 4,096"),
    ("surprising", "rarer than 1 in 4,096"),
)


class Share(NamedTuple):
    """A class of the legend: how many tokens, and their share of the text and of its batch."""

    number: int
    name: str
    words: str
    tokens: int
    share: float
    in_batch: float


class ShownText(NamedTuple):
    """A part of a document's text."""

    html: Markup
    start: int
    end: int
    characters: int
    note: str
    """Why the tokens are not coloured; empty where they are."""


def class_of(level: int) -> int | None:
    """The class of a surprisal level, 0 (expected) to 4; None for an unscored token."""
    if level == UNSCORED:
        return None
    bits = level / LEVELS_PER_NAT / math.log(2)
    return sum(bits > bound for bound in _BOUNDS)


_CLASS_OF_LEVEL = [class_of(level) for level in range(256)]


def _words(level: int) -> str:
    bits = level / LEVELS_PER_NAT / math.log(2)
    odds = 2**bits
    more = "+" if level == UNSCORED - 1 else ""
    return f"{bits:.1f}{more} bits, 1 in {odds:,.0f}" if odds >= 2 else f"{bits:.1f} bits, {100 / odds:.0f}%"


_WORDS = [_words(level) for level in range(256)]


def legend(document: HeldDocument, batch_levels: NDArray[np.int64]) -> list[Share]:
    """How the document's tokens are spread over the classes, beside the batch's; empty without any."""
    if not document.token_surprisals:
        return []
    levels = np.bincount(np.frombuffer(document.token_surprisals, dtype=np.uint8), minlength=256)
    own, whole = _by_class(levels), _by_class(batch_levels)
    total, in_batch = sum(own), sum(whole)
    if not total:
        return []
    return [
        Share(number, name, words, own[number], own[number] / total, whole[number] / max(in_batch, 1))
        for number, (name, words) in enumerate(CLASSES)
    ]


def _by_class(levels: NDArray[np.int64]) -> list[int]:
    counts = [0] * len(CLASSES)
    for level, count in enumerate(levels):
        if (number := _CLASS_OF_LEVEL[level]) is not None:
            counts[number] += int(count)
    return counts


def shown_text(document: HeldDocument, start: int) -> ShownText:
    """At most 20,000 characters of the text from `start` on, each token marked with its class.

    Without surprisals, or where they don't fit the text, it is plain, and `note` says why.
    """
    text = document.text
    start = max(0, min(start, len(text)))
    end = min(len(text), start + CHARACTERS)
    ends, levels = document.token_ends, document.token_surprisals
    if ends is None or levels is None:
        note = "No scorer ran on this document, so its tokens have no colours."
        return ShownText(Markup("").join(_pieces(text[start:end])), start, end, len(text), note)
    places = unpack_ids(ends) if len(ends) % 4 == 0 else np.empty(0, dtype=np.int32)
    if len(places) != len(levels) or (np.diff(places) < 0).any() or (places > len(text)).any():
        note = "The tokens recorded for this document don't fit its text, so they have no colours."
        return ShownText(Markup("").join(_pieces(text[start:end])), start, end, len(text), note)
    return ShownText(_coloured(text, start, end, places, levels), start, end, len(text), "")


def _coloured(text: str, start: int, end: int, ends: NDArray[np.int32], levels: bytes) -> Markup:
    first = int(np.searchsorted(ends, start, side="right"))
    parts: list[str] = []
    at = start
    for index in range(first, len(ends)):
        stop = min(int(ends[index]), end)
        # A character of several tokens ends several times: the first one has it, the others are empty.
        if stop > at:
            number = _CLASS_OF_LEVEL[levels[index]]
            piece = "".join(_pieces(text[at:stop]))
            parts.append(
                piece
                if number is None
                else f'<span class="t{number}" title="{_WORDS[levels[index]]}">{piece}</span>'
            )
            at = stop
        if at >= end:
            break
    parts += _pieces(text[at:end])
    return Markup("".join(parts))  # noqa: S704 - every piece was escaped by _pieces


def _pieces(text: str) -> list[Markup]:
    """Escaped text; what is shown in place of an invisible character is marked as such."""
    if text.isprintable():
        return [escape(text)]
    parts = []
    for character in text:
        shown = lines(character)
        hidden = character not in "\n\t" and shown != escape(character)
        parts.append(Markup('<span class="hidden-character">{}</span>').format(shown) if hidden else shown)
    return parts


def sides(places: Sequence[int], place: int) -> tuple[int | None, int | None]:
    """The documents before and after one in an order."""
    at = places.index(place)
    return (places[at - 1] if at else None, places[at + 1] if at + 1 < len(places) else None)

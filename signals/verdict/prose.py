"""How far a text is running English prose: three shares that code, tables and lists fail."""

from typing import NamedTuple

from wellspring.signals.verdict.text_features import MAX_CHARACTERS

_SPEAKING = frozenset(
    "a about after all also an and any are as at be because been before being but by can could did do does "
    "for from had has have he her him his how i if in into is it its just like me more my no not now of on "
    "one only or other our out over she so some such than that the their them then there these they this "
    "those to up us was we were what when where which who will with would you your".split()
)
_NO_LETTERS = bytes(b for b in range(128) if not chr(b).isalpha())
_SHORT_LINE = 6


class ProseShape(NamedTuple):
    """All in 0..1, of the first 20,000 characters."""

    function_words: float
    """Share of words that are among a hundred common function words."""
    letters: float
    """Share of letters among the bytes that are no white space; whatever is not ASCII counts as letters."""
    short_lines: float
    """Share of words that stand in lines of fewer than six."""


def prose_shape(text: str) -> ProseShape:
    """Measures a text; all zero for one without words."""
    text = text[:MAX_CHARACTERS]
    words = text.lower().split()
    if not words:
        return ProseShape(0.0, 0.0, 0.0)
    solid = "".join(words).encode("utf-8", "replace")
    short = 0
    for line in text.splitlines():
        count = len(line.split())
        if count < _SHORT_LINE:
            short += count
    function_words = sum(map(_SPEAKING.__contains__, words))
    letters = len(solid.translate(None, delete=_NO_LETTERS))
    return ProseShape(function_words / len(words), letters / len(solid), short / len(words))

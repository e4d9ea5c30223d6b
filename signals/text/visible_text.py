"""Text from the web made harmless to look at: what is seen is what is there."""

import unicodedata

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")  # Persian, Indic scripts and emoji need them; they reorder nothing


def visible_text(value: str, limit: int | None = None) -> str:
    """The text with control, bidirectional and other invisible characters and lone surrogates as escapes.

    At most `limit` characters of it, then an ellipsis. Neither a page nor a terminal can be led on by what
    is left; a page must still escape its markup.
    """
    shown = value if limit is None or len(value) <= limit else value[: limit - 1] + "…"
    return "".join(map(_visible, shown))


def _visible(character: str) -> str:
    if character in _JOINERS or unicodedata.category(character) not in _INVISIBLE:
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"

"""A text as its words alone: what two copies of it have in common however they were kept.

NFKC, case folded, marks that can't be seen taken out, every run of space and punctuation one space.
`hashing.content_hash` keeps punctuation: it tells one document of a crawl from another, this one finds a
text again after it was set again.
"""

import re
import unicodedata

from wellspring.schemas.encoding import sha256_hex

_INVISIBLE = re.compile("[\u00ad\u200b\u200c\u200d\u2060\ufeff]")
# Outside ASCII a search finds the few characters that are part of no word; ASCII's own go faster
# through a table of bytes.
_NO_WORD = re.compile(r"[^\w\x00-\x7f]+")
_ASCII = bytes(b if b > 127 or chr(b).isalnum() else ord(" ") for b in range(256))


def normalised_text(text: str) -> str:
    """The words of a text (runs of letters and digits), single spaces between them; empty without any."""
    if text.isascii():
        folded = text.lower()
    else:
        folded = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()
        # Folding can leave what NFKC would have put together.
        folded = _NO_WORD.sub(" ", unicodedata.normalize("NFKC", folded))
    letters = folded.encode("utf-8", "replace").translate(_ASCII)
    return " ".join(letters.decode().split())


def text_sha256(text: str) -> str:
    """sha256 of a text's UTF-8, 64 hex digits."""
    return sha256_hex(text.encode("utf-8", "replace"))

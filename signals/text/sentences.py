"""Sentences, by blingfire behind one function."""

import contextlib
import ctypes
import functools
import re

import blingfire

_FALLBACK = re.compile(r"(?<=[.!?])\s+|\n+")


def split_sentences(text: str) -> str:
    """The text with one sentence per line; line breaks inside a sentence become spaces.

    blingfire's C++ splitter (31 MB/s on one core) ends at a NUL and refuses what is no valid
    UTF-8 and a few odd texts (a byte order mark alone): such text is split by a plain rule, at
    `.`, `!`, `?` before white space and at line ends.
    """
    split = None
    if "\0" not in text:
        with contextlib.suppress(UnicodeEncodeError):
            split = _by_blingfire(text.encode())
    return "\n".join(_FALLBACK.split(text)) if split is None else split


def _by_blingfire(text: bytes) -> str | None:
    """What `blingfire.text_to_sentences` does, but for its making a new ctypes type for each length
    of text, which takes as long as splitting 300 characters. None where it fails.
    """
    buffer = _buffer_type((2 * len(text)).bit_length())()
    length = blingfire.blingfire.TextToSentences(text, len(text), buffer, len(buffer))
    return buffer.value.decode() if 0 <= length <= len(buffer) else None


@functools.cache
def _buffer_type(bits: int) -> type[ctypes.Array[ctypes.c_char]]:
    return ctypes.c_char * (1 << bits)

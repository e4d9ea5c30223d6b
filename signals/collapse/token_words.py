"""Words put together from the tokens of a byte-level BPE: where each begins, and what it says.

A piece begins where a token begins with a space, where letters or digits meet other characters, and at the
beginning of a row. Pieces of letters and digits are words, lower-cased; the others are punctuation.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from wellspring.signals.collapse.generation_text import Rows


class Pieces(NamedTuple):
    """The words of rows, in order: their type, and the tokens first..last-1 of the flattened rows."""

    types: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]


class TokenWords:
    """Numbers words as they are met: a word keeps its number."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        raw = [tokenizer.id_to_token(number) or "" for number in range(tokenizer.get_vocab_size())]
        # In the byte-level alphabet a space is Ġ; what isn't ASCII counts as letters.
        self._spaced = np.array([token.startswith("Ġ") for token in raw])
        bare = [token.removeprefix("Ġ") for token in raw]
        self._first_is_word = np.array([bool(token) and _of_word(token[0]) for token in bare])
        self._last_is_word = np.array([bool(token) and _of_word(token[-1]) for token in bare])
        self._tokenizer = tokenizer
        self._type_of: dict[str, int] = {}
        self._type_of_ids: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._type_of)

    def words(self, rows: Rows) -> Pieces:
        """The words of the rows; new ones are numbered on."""
        begins = self._spaced[rows].copy()
        begins[:, 0] = True
        begins[:, 1:] |= self._first_is_word[rows[:, 1:]] != self._last_is_word[rows[:, :-1]]
        flat = rows.ravel()
        first = np.flatnonzero(begins.ravel())
        last = np.append(first[1:], flat.size)
        is_word = self._first_is_word[flat[first]]
        first, last = first[is_word], last[is_word]
        types = [self._type(flat[a:b]) for a, b in zip(first.tolist(), last.tolist(), strict=True)]
        return Pieces(np.array(types, dtype=np.int64), first, last)

    def _type(self, ids: NDArray[np.int32]) -> int:
        key = ids.tobytes()
        if key not in self._type_of_ids:
            word = self._tokenizer.decode(ids.tolist()).strip().lower()
            self._type_of_ids[key] = self._type_of.setdefault(word, len(self._type_of))
        return self._type_of_ids[key]


def _of_word(character: str) -> bool:
    return not character.isascii() or character.isalnum() or character == "_"

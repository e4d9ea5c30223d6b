"""Many texts' words in one piece of memory, any text's to be had again."""

import itertools
from collections.abc import Sequence

import numpy as np


class TextStore:
    """Texts as `normalised_text` leaves them, by number."""

    def __init__(self, normalised: Sequence[str]) -> None:
        encoded = [text.encode() for text in normalised]
        self._letters = b"".join(encoded)
        self._ends = np.fromiter(itertools.accumulate(map(len, encoded), initial=0), dtype=np.int64)

    def words(self, text: int) -> list[bytes]:
        """The words of text number `text`."""
        return self._letters[self._ends[text] : self._ends[text + 1]].split()

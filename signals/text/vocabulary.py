"""Vocabulary richness: type-token ratio and its length-robust kin."""

from collections.abc import Sequence

MATTR_WINDOW = 50


def type_token_ratio(words: Sequence[str]) -> float | None:
    """Distinct words / words, in (0, 1]; None without words.

    It falls with length (about .77 at 50 words of English prose, .44 at 400), so it compares
    texts of equal length only.
    """
    return len(set(words)) / len(words) if words else None


def mattr(words: Sequence[str], window: int = MATTR_WINDOW) -> float | None:
    """Moving-average type-token ratio (Covington and McFall 2010), in (0, 1].

    The mean, over all windows of `window` consecutive words, of distinct words / window; None
    for a text shorter than one window. One pass: word j is the first of its kind in a window
    exactly if the window starts after the word's previous occurrence, so each word adds the
    number of windows in which it is first.
    """
    n = len(words)
    if n < window:
        return None
    last_start = n - window
    previous: dict[str, int] = {}
    firsts = 0
    for j, word in enumerate(words):
        low = previous.get(word, -1) + 1
        previous[word] = j
        if low <= j - window:
            low = j - window + 1
        high = j if j < last_start else last_start
        if high >= low:
            firsts += high - low + 1
    return firsts / (window * (last_start + 1))

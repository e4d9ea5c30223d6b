"""A corpus parted for a simulation: text to train on, to tune on and to measure on, whole documents each."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from wellspring.schemas.simulation import LEAST_DOCUMENTS, LEAST_WORDS
from wellspring.signals.stats.hashing import content_hash, stable_hash
from wellspring.signals.text.words import words_and_sentences

TRAINING, TUNING, TEST = 0.6, 0.1, 0.3
"""Shares of a corpus that is no larger than it must be."""


class SplitText(NamedTuple):
    """One document: its text, lower-cased words, and a key that its content decides."""

    text: str
    words: list[str]
    key: str


class CorpusSplit(NamedTuple):
    """No document on two sides, equal texts once. The training text of a seed is drawn from `pool`; tuning
    and test text are the same for all seeds.
    """

    pool: list[SplitText]
    tuning: list[SplitText]
    test: list[SplitText]
    words: int
    """Of training text: what each generation is trained on."""


class SmallCorpusError(ValueError):
    """The corpus is too small; one line that says what is missing."""


def split_corpus(texts: Sequence[str], words: int, *, asked: bool = False) -> CorpusSplit:
    """The corpus for generations of `words` words: less where it is smaller, unless they were `asked` for.

    Tuning text is up to a fifth, test text up to twice as much as the training text.

    Raises:
        SmallCorpusError: it has fewer words or documents than a simulation needs.
    """
    # Of texts that count as equal one is kept, the same whatever the order of the input.
    distinct = {content_hash(text): text for text in sorted(texts, reverse=True)}
    parts = [SplitText(text, words_and_sentences(text).words, key.hex()) for key, text in distinct.items()]
    parts.sort(key=lambda each: (stable_hash(each.key, "simulation"), each.key))
    total = sum(len(each.words) for each in parts)
    needed = max(LEAST_WORDS, math.ceil(words / TRAINING)) if asked else LEAST_WORDS
    if total < needed:
        # Rounded up, and at least one document.
        more = -(-(needed - total) * max(len(parts), 1) // max(total, 1)) if total else LEAST_DOCUMENTS
        raise SmallCorpusError(
            f"{total:,} words in {len(parts):,} documents, a simulation "
            f"{f'of {words:,} words ' if asked else ''}needs {needed:,}: give {needed - total:,} more words, "
            f"some {more:,} documents"
        )
    if len(parts) < LEAST_DOCUMENTS:
        raise SmallCorpusError(
            f"{len(parts):,} documents, a simulation needs {LEAST_DOCUMENTS} to hold some out: give "
            f"{LEAST_DOCUMENTS - len(parts)} more, or cut the long ones into chapters"
        )
    words = min(words, int(TRAINING * total))
    test = _first(parts, min(2 * words, int(TEST * total)))
    tuning = _first(parts[len(test) :], min(words // 5, int(TUNING * total)))
    return CorpusSplit(parts[len(test) + len(tuning) :], tuning, test, words)


def drawn(pool: Sequence[SplitText], words: int, seed: int) -> list[SplitText]:
    """Documents of the pool until they have `words` words (or all), in an order that the seed decides."""
    ranked = sorted(pool, key=lambda each: (stable_hash(each.key, f"training\0{seed}"), each.key))
    return _first(ranked, words)


def _first(documents: Sequence[SplitText], words: int) -> list[SplitText]:
    """Documents from the beginning until they have so many words, at least one."""
    chosen: list[SplitText] = []
    for each in documents:
        if chosen and words <= 0:
            break
        chosen.append(each)
        words -= len(each.words)
    return chosen

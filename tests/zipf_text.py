"""Text of made-up words that has a head and a tail: Zipf's law, and words that like to follow others."""

import itertools

import numpy as np

_SYLLABLES = ["ka", "lo", "mi", "ner", "tos", "pul", "ve", "dra", "sin", "gor", "be", "thu", "zan", "wer"]


def words(count: int) -> list[str]:
    """Different words of letters, short ones first."""
    made = ("".join(parts) for size in (1, 2, 3, 4) for parts in itertools.product(_SYLLABLES, repeat=size))
    return list(itertools.islice(made, count))


def documents(count: int, length: int, seed: int, vocabulary: int = 3000) -> list[str]:
    """Texts of `length` words in sentences of eleven, each word by the one before it in two of three
    cases: one of the four successors that it likes."""
    generator = np.random.default_rng(seed)
    liked = np.random.default_rng(1)
    shares = 1 / (np.arange(vocabulary) + 3.0)
    shares /= shares.sum()
    successors = liked.choice(vocabulary, size=(vocabulary, 4), p=shares)
    names = words(vocabulary)
    texts = []
    for _ in range(count):
        free = generator.choice(vocabulary, size=length, p=shares)
        follow, which = generator.random(length) < 2 / 3, generator.integers(0, 4, size=length)
        ids = [int(free[0])]
        for at in range(1, length):
            ids.append(int(successors[ids[-1], which[at]] if follow[at] else free[at]))
        sentences = [" ".join(names[i] for i in ids[at : at + 11]) for at in range(0, length, 11)]
        texts.append(". ".join(sentences) + ".")
    return texts

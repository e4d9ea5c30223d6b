"""Text with a long tail, made on the spot: Zipf's law, words that follow each other, topics."""

from collections.abc import Sequence

from wellspring.signals.stats.counter_draws import uniforms

_TYPES = 10_000


def zipf_texts(documents: int, words: int, name: str = "zipf") -> list[str]:
    """`documents` texts of `words` words, half of which follow from the word before."""
    texts = []
    for number in range(documents):
        draws = uniforms(f"{name}/{number}", 3 * words).reshape(words, 3).tolist()
        texts.append(" ".join(f"w{rank}" for rank in _ranks(draws, number)))
    return texts


def _ranks(draws: Sequence[Sequence[float]], document: int) -> list[int]:
    ranks: list[int] = []
    for follows, place, topic in draws:
        # Near 1 / rank: the inverse of the distribution function, cut at the last type.
        rank = int((_TYPES + 1.0) ** place) - 1
        if follows < 0.4 and ranks:
            rank = (ranks[-1] * 7 + int(place * 6)) % (rank + 3)
        elif topic < 0.1:
            rank = rank + (document % 10) * 37
        ranks.append(min(rank, _TYPES - 1))
    return ranks

"""Passages of text to plant copies of: real ones where the shared data is there, else made up."""

import gzip
import json
from pathlib import Path

from wellspring.signals.stats.hashing import stable_hash

_ONSETS = "b d f g h k l m n p r s t v st tr pl gr".split()
_VOWELS = "a e i o u ea ou ai".split()
_ENDS = "n r t l s nd rk st m p".split()


def generated(count: int, words: int, seed: str = "") -> list[str]:
    """Passages in which hardly any run of words comes twice; each depends on its number alone."""
    return [_passage(f"{seed} {i}", words) for i in range(count)]


def of_lmtext(data: Path, count: int, words: int) -> list[str]:
    """Passages of so many words of published human text, from many of its texts, none overlapping."""
    passages: list[str] = []
    for path in sorted((data / "lmtext").glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                text = json.loads(line)["text"].split()
                passages += [" ".join(text[i : i + words]) for i in range(0, len(text) - words, words)]
    return sorted(passages, key=stable_hash)[:count]


def with_words_replaced(passage: str, seed: str, jaccard: float, shingle: int = 5) -> str:
    """A copy whose runs of `shingle` words overlap with the passage's by about `jaccard`.

    A word replaced far from others takes `shingle` of n runs away and brings as many: so many are replaced
    that (n - lost) / (n + lost) comes near.
    """
    words = passage.split()
    runs = len(words) - shingle + 1
    count = round(runs * (1 - jaccard) / (1 + jaccard) / shingle)
    step = len(words) / count
    for i in range(count):
        at = int(step * i + stable_hash(str(i), seed) % 1000 / 1000 * (step - shingle))
        words[min(max(at, shingle), len(words) - shingle - 1)] = f"q{stable_hash(str(i), seed):x}"
    return " ".join(words)


def _passage(seed: str, words: int) -> str:
    made = []
    for i in range(words):
        number = stable_hash(str(i), seed)
        word = ""
        for _ in range(1 + number % 3):
            number, rest = divmod(number, len(_ONSETS) * len(_VOWELS) * len(_ENDS))
            rest, end = divmod(rest, len(_ENDS))
            onset, vowel = divmod(rest, len(_VOWELS))
            word += _ONSETS[onset] + _VOWELS[vowel] + _ENDS[end]
        made.append(word + ("." if number % 9 == 0 else ""))
    return " ".join(made)

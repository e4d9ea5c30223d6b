from wellspring.signals.matching.duplicate_groups import duplicate_groups
from wellspring.signals.matching.minhash import NEAR
from wellspring.signals.stats.hashing import stable_hash


def _text(name: str, words: int = 120) -> list[str]:
    return [f"w{stable_hash(f'{name} {word}') % 5000}" for word in range(words)]


def _shingles(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[at : at + 5]) for at in range(len(words) - 4)}


def test_finds_what_shares_most_of_its_runs_and_nothing_else() -> None:
    texts = [_text(str(number)) for number in range(40)]
    for copy, changed in ((40, 1), (41, 2), (42, 60)):  # of text 7, with so many words put in its middle
        base = texts[7]
        texts.append([*base[:50], *_text(f"new {copy}", changed), *base[50:]])
    texts.append([word.upper() for word in texts[20]])

    assert duplicate_groups([" ".join(words) for words in texts]) == [[7, 40, 41], [20, 43]]

    for one, other, near in ((7, 40, True), (7, 41, True), (7, 42, False)):
        a, b = _shingles(texts[one]), _shingles(texts[other])
        assert (len(a & b) / len(a | b) >= NEAR) == near


def test_texts_too_short_to_compare_are_in_no_group() -> None:
    assert duplicate_groups([]) == []
    assert duplicate_groups(["", "one two", "one two", "one two three four"]) == []
    assert duplicate_groups(["one two three four five"] * 3) == [[0, 1, 2]]

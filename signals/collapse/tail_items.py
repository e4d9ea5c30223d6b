"""Items of a tail benchmark: places of real text where a rare type goes on, with a matched distractor.

A place gives an item of a kind where its frequencies in the reference say so, the item's own document
aside. With the words "... b a" and a in question:

- term: a itself is of the rarest tenth of the text's words, here for the first time in its document, and
  after a word that should bring it to mind: two other documents have the pair, ten times as often as
  chance would.
- collocation: a and b are neither rare nor common, the pair is rare and ten times as frequent as chance.
- sense: a is common, b no function word, the pair rare and at most a hundredth of what a does. A rare use
  of a word, as far as the word before tells: nobody has said what the word means there.
- construction: what a word governs. a is one of the most frequent words, b is not common, the pair is rare
  and five times as frequent as chance.

So an item asks what could have been learned: one on which the best of models is at chance would measure
nothing.

Head items have the same forms with frequent types. A distractor is a word of the same case, the same
English ending, the same length to a letter, a frequency within the same factor of two, that the
reference never has after b. For tail items it has the same use, too (of the most frequent words it follows
the same one most often), and the document never has it, but for constructions. So what tells the two apart
is knowledge of the rare type, not of words as such.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wellspring.schemas.tail_benchmark import KINDS, ItemSet, Kind, TailItem
from wellspring.signals.stats.hashing import content_hash, stable_hash
from wellspring.signals.text.word_counts import (
    Vocabulary,
    WordReference,
    Words,
    pair_type,
    pair_types,
    words_of_pair,
)

RARE_MASS = 0.1
"""Rare words make up so much of the text (the lowest decile of token mass)."""
COMMON_MASS = 0.25
"""Common words are those that do not belong to the rarer quarter of the text."""
FUNCTION_MASS = 0.5
"""The most frequent words make up the other half: a hundred or two, most of them function words."""
FEWEST = 2
"""Other documents that a type is in at least: what occurs once nobody could learn."""
RARE, RARE_BOUNDS = 5e-6, (5, 20)
FREQUENT, FREQUENT_AT_LEAST = 80e-6, 8
"""A rare pair or triple is in at most so many documents for each word of the reference (within the bounds), a
frequent one in at least so many."""
HEAD_PLACES = 4
"""Frequent types are few: each gives so many head items at most."""
LIFT, GOVERNED = 10.0, 5.0
SHARE_OF_WORD = 0.01
CONTEXT_WORDS = (8, 48)
"""Words before the choice, at least and at most."""
ITEMS_OF_DOCUMENT, WORDS_AN_ITEM = 8, 50
"""A document gives so many items of one set at most, a long one an item in 50 words: a few documents must
not be the benchmark."""
_SHORTEST = 4
_LETTERS = re.compile(r"[^\W\d_]+")
_ENDINGS = ("ing", "ed", "ly", "ion", "s")
_TRIES = 60


class Source(NamedTuple):
    """A document that items are made from."""

    id: str
    source: str
    words: Words


class Choice(NamedTuple):
    """A place that gives an item, before its distractor is found."""

    kind: Kind
    document: int
    position: int
    documents_seen: int


class _Taken:
    """What the items so far are made of."""

    def __init__(self) -> None:
        self.of_document: Counter[int] = Counter()
        self.places: set[tuple[int, int]] = set()
        self.passages: set[bytes] = set()


class ItemMaker:
    """Finds items in documents by the frequencies of a reference."""

    def __init__(
        self,
        documents: Sequence[Source],
        reference: WordReference,
        vocabulary: Vocabulary,
        *,
        within: bool,
        seed: int,
        refused: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """Args:
        reference: counted with `vocabulary`. within: whether the documents are part of it.
        refused: whether a passage must not become an item.
        """
        self._documents = documents
        self._reference = reference
        self._within = int(within)
        self._seed = str(seed)
        self._refused = refused
        self._surface = vocabulary.words()
        self._seen = np.concatenate(
            [reference.seen, np.zeros(len(vocabulary) - len(reference.seen), dtype=np.int64)]
        )
        self._rare = reference.rarest(RARE_MASS)
        self._common = max(reference.rarest(COMMON_MASS), self._rare) + 1
        self._function = max(reference.rarest(FUNCTION_MASS), self._common) + 1
        self._rare_documents = min(max(RARE_BOUNDS[0], int(reference.words * RARE)), RARE_BOUNDS[1])
        self._frequent_documents = max(FREQUENT_AT_LEAST, int(reference.words * FREQUENT))
        self._shape = [_shape(word) for word in self._surface]
        self._use = self._uses()
        self._pools: dict[tuple[tuple[str, str], int | None, int, int], list[int]] = defaultdict(list)
        for word in np.flatnonzero(reference.in_documents >= FEWEST).tolist():
            shape, band = self._shape[word], _band(int(self._seen[word]))
            if shape is not None:
                for use in (self._use[word], None):
                    self._pools[shape, use, band, len(self._surface[word])].append(word)
        for pool in self._pools.values():
            pool.sort(key=lambda word: stable_hash(self._surface[word], self._seed))

    def _uses(self) -> list[int]:
        """For each word the most frequent word that it follows in the most documents, which tells nouns
        from verbs and the like; -1 for rare words, whose few places tell little, and for those without.
        """
        types, counts = self._reference.pairs.counted()
        before, word = words_of_pair(types)
        told = (self._seen[before] >= self._function) & (self._seen[word] > self._rare)
        before, word, counts = before[told], word[told], counts[told]
        places = sorted(range(len(self._surface)), key=self._surface.__getitem__)
        rank = np.empty(len(places), dtype=np.int64)
        rank[places] = np.arange(len(places))
        order = np.lexsort((rank[before], counts, word))  # the last of each word is its most frequent one
        use = np.full(len(self._surface), -1)
        use[word[order]] = before[order]
        return [int(each) for each in use]

    def items(
        self, set_: ItemSet, domain: str, wanted: int | None, *, every: int = 1
    ) -> tuple[list[TailItem], Counter[str]]:
        """At most `wanted` items of a set (None: all that there are), and the passages left out, by reason.
        Kinds take turns, each in the order of its hashes.

        A type gives one item, a document few (`ITEMS_OF_DOCUMENT`). Only every
        `every`-th document is looked at, by hash.
        """
        chosen: list[TailItem] = []
        left_out: Counter[str] = Counter()
        taken = _Taken()
        turns = [self._of_kind(set_, kind, domain, every, left_out, taken) for kind in KINDS]
        while turns and (wanted is None or len(chosen) < wanted):
            turn = turns.pop(0)
            if (item := next(turn, None)) is not None:
                chosen.append(item)
                turns.append(turn)
        return sorted(chosen, key=lambda item: (KINDS.index(item.kind), item.id)), left_out

    def _of_kind(
        self, set_: ItemSet, kind: Kind, domain: str, every: int, left_out: Counter[str], taken: "_Taken"
    ) -> Iterator[TailItem]:
        for choice in self._ordered(set_, kind, every):
            place = (choice.document, choice.position)
            length = len(self._documents[choice.document].words.ids)
            most = max(ITEMS_OF_DOCUMENT, length // WORDS_AN_ITEM)
            if taken.of_document[choice.document] >= most or place in taken.places:
                continue
            item = self._item(set_, choice, domain)
            if item is None:
                continue
            passage = f"{item.context} {item.choices[item.answer]}"
            if content_hash(passage) in taken.passages:
                left_out["passage_twice"] += 1
            elif self._refused(passage):
                left_out["passage_shared"] += 1
            else:
                taken.passages.add(content_hash(passage))
                taken.places.add(place)
                taken.of_document[choice.document] += 1
                yield item

    def _ordered(self, set_: ItemSet, kind: Kind, every: int) -> Iterator[Choice]:
        """Places of a kind in the order of their hashes, of each type one, of head types a few."""
        first: dict[int, list[tuple[int, str, Choice]]] = defaultdict(list)
        most = HEAD_PLACES if set_ == "head" else 1
        for index, (id_, _, words) in enumerate(self._documents):
            if stable_hash(id_, "part") % every:
                continue
            types, seen, positions = self._places(set_, kind, words)
            salt = f"{self._seed}\0{set_}\0{kind}\0{id_}"
            for type_, count, position in zip(types.tolist(), seen.tolist(), positions.tolist(), strict=True):
                key = (stable_hash(str(position), salt), id_, Choice(kind, index, position, count))
                if len(first[type_]) < most:
                    first[type_].append(key)
                elif key < max(first[type_]):
                    first[type_] = sorted([*first[type_], key])[:most]
        yield from (choice for _, _, choice in sorted(key for keys in first.values() for key in keys))

    def _places(
        self, set_: ItemSet, kind: Kind, words: Words
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """(types, in how many other documents each is, positions) of one document's places of a kind."""
        reference, ids, within = self._reference, words.ids, self._within
        nothing = np.empty(0, dtype=np.int64)
        if len(ids) <= CONTEXT_WORDS[0]:
            return nothing, nothing, nothing
        _, inverse, counts = np.unique(ids, return_inverse=True, return_counts=True)
        own = counts[inverse] * within
        seen = self._seen[ids] - own
        before = np.concatenate([[0], seen[:-1]])
        pairs = pair_types(words)
        with_before = reference.pairs.of(pairs) - within
        long = np.array([len(self._surface[word]) >= _SHORTEST for word in ids.tolist()])
        lift = with_before * float(reference.words) / np.maximum(before * seen, 1)
        rare = (with_before >= FEWEST) & (with_before <= self._rare_documents)
        frequent = with_before >= self._frequent_documents
        types, in_documents = pairs, with_before
        if kind == "term" and set_ == "tail":
            types = ids
            in_documents = self._in_documents(ids) - within
            chosen = (in_documents >= FEWEST) & (seen <= self._rare) & long & words.joined
            chosen &= _first_occurrences(ids) & (with_before >= FEWEST) & (lift >= LIFT)
        elif kind == "term":
            chosen = (seen >= self._common) & long & frequent
        elif kind == "collocation":
            chosen = (lift >= LIFT) & long & (seen > self._rare) & (before > self._rare)
            chosen &= rare & (seen < self._common) if set_ == "tail" else frequent
        elif kind == "sense":
            chosen = (seen >= self._common) & long & (before < self._function)
            small = with_before <= SHARE_OF_WORD * seen
            chosen &= rare & small if set_ == "tail" else frequent
        else:
            chosen = (lift >= GOVERNED) & (seen >= self._function)
            chosen &= (
                rare & (before < self._common) if set_ == "tail" else frequent & (before < self._function)
            )
        chosen &= (types >= 0) & (np.arange(len(ids)) >= CONTEXT_WORDS[0])
        positions = np.flatnonzero(chosen)
        return types[positions], in_documents[positions], positions

    def _in_documents(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        known = self._reference.in_documents
        return np.where(ids < len(known), known[np.minimum(ids, len(known) - 1)], 0)

    def _item(self, set_: ItemSet, choice: Choice, domain: str) -> TailItem | None:
        id_, source, words = self._documents[choice.document]
        distractor = self._distractor(set_, choice)
        if distractor is None:
            return None
        word = int(words.ids[choice.position])
        own = int((words.ids == word).sum()) * self._within
        item = f"{domain}/{set_}/{choice.kind}/{id_}/{choice.position}"
        answer = stable_hash(item, f"{self._seed}\0answer") & 1
        pair = [self._surface[word], self._surface[distractor]]
        return TailItem(
            id=f"{stable_hash(item, self._seed):016x}",
            set=set_,
            kind=choice.kind,
            domain=domain,
            context=_context(words, choice.position),
            choices=pair if answer == 0 else pair[::-1],
            answer=answer,
            document=id_,
            source=source,
            words_seen=int(self._seen[word]) - own,
            distractor_seen=int(self._seen[distractor]),
            documents_seen=choice.documents_seen,
        )

    def _distractor(self, set_: ItemSet, choice: Choice) -> int | None:
        """The first word in the order of hashes that matches and never stands in this place."""
        words, position = self._documents[choice.document].words, choice.position
        word = int(words.ids[position])
        own = int((words.ids == word).sum()) * self._within
        shape, band = self._shape[word], _band(int(self._seen[word]) - own)
        if shape is None:
            return None
        length = len(self._surface[word])
        here = set(words.ids.tolist()) if set_ == "tail" and choice.kind != "construction" else {word}
        start = stable_hash(f"{self._documents[choice.document].id}\0{position}", self._seed)
        use = self._use[word] if set_ == "tail" else None
        for near in (length, length + 1, length - 1):
            pool = self._pools.get((shape, use, band, near), [])
            tries = [pool[(start + step) % len(pool)] for step in range(min(len(pool), _TRIES))]
            tries = [other for other in tries if other not in here]
            if not tries:
                continue
            unseen = self._never_here(words, position, np.array(tries, dtype=np.int64))
            if unseen.any():
                return tries[int(np.argmax(unseen))]
        return None

    def _never_here(self, words: Words, position: int, others: NDArray[np.int64]) -> NDArray[np.bool_]:
        before = np.full(len(others), words.ids[position - 1])
        return np.asarray(self._reference.pairs.of(pair_type(before, others)) == 0)


def _context(words: Words, position: int) -> str:
    """The text before a word: from the last sentence's beginning that leaves enough of it, else from
    `CONTEXT_WORDS` before.
    """
    furthest = max(0, position - CONTEXT_WORDS[1])
    end = int(words.ends[position - 1])
    if furthest == 0:
        return words.text[:end]
    start = furthest
    for word in range(furthest, position - CONTEXT_WORDS[1] // 2):
        gap = words.text[int(words.ends[word - 1]) : int(words.starts[word])]
        if gap[:1] in ".!?":
            start = word
            break
    return words.text[int(words.starts[start]) : end]


def _first_occurrences(ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where a word stands for the first time in its document: later ones could be copied."""
    first = np.zeros(len(ids), dtype=bool)
    first[np.unique(ids, return_index=True)[1]] = True
    return first


def _shape(word: str) -> tuple[str, str] | None:
    """(case, English ending) of a word of letters alone; None for another."""
    if not _LETTERS.fullmatch(word):
        return None
    case = (
        "lower" if word.islower() else "upper" if word.isupper() else "title" if word.istitle() else "mixed"
    )
    ending = next((end for end in _ENDINGS if len(word) > len(end) + 2 and word.lower().endswith(end)), "")
    return case, ending


def _band(seen: int) -> int:
    """Words of one band differ in frequency by less than a factor of two."""
    return max(seen, 1).bit_length()

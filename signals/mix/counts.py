"""What a first pass over the runs counts for the plan of a mix: mergeable, the same in any order."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
import numpy as np

from wellspring.schemas.label import HUMAN_VERIFIED, SYNTHETIC_KNOWN
from wellspring.schemas.training_set import TAIL, KeptOut
from wellspring.signals.mix.draw import all_copy_keys
from wellspring.signals.mix.plan import PROBABILITY_UNIT, StratumCounts
from wellspring.signals.stats.count_min import CountMin, Keys
from wellspring.signals.stats.log_histogram import LogHistogram

_MOST_FAULTS = 20


class Rarest(NamedTuple):
    """A document of the rarest verified human text; ordered by `key`, minus its rarity, then id."""

    key: float
    id: str
    tokens: int
    weight: float
    u: float


class Counted(NamedTuple):
    """One document as it counts."""

    id: str
    label: str
    tokens: int
    u: float
    weight: float
    probability: float | None
    rarity: float | None


class MixCounts:
    """Documents, tokens and keys by label; the rarest verified text; what is kept out; what is wrong."""

    def __init__(self, cap: int, tail_tokens: int = 0) -> None:
        """Args:
        cap: copies of a document at most. tail_tokens: so much of the rarest verified text is kept apart.
        """
        self.cap = cap
        self.tail_tokens = tail_tokens
        self.documents: Counter[str] = Counter()
        self.tokens: Counter[str] = Counter()
        self._keys: dict[str, LogHistogram] = {}
        self._synthetic: dict[str, LogHistogram] = {}
        self._judged: dict[str, LogHistogram] = {}
        self.rarity = LogHistogram()
        self.singles: Counter[str] = Counter()
        """By label: content words that one document of the corpus has; `doubles`: that two have, twice."""
        self.doubles: Counter[str] = Counter()
        self.rarest: list[Rarest] = []
        self.kept_out: list[KeptOut] = []
        self.faults: list[str] = []

    def add(self, documents: list[Counted]) -> None:
        """Counts documents of one label (or stratum)."""
        for label in sorted({d.label for d in documents}):
            self._add(label, [d for d in documents if d.label == label])

    def _add(self, label: str, documents: list[Counted]) -> None:
        tokens = np.array([d.tokens for d in documents])
        self.documents[label] += len(documents)
        self.tokens[label] += int(tokens.sum())
        # The tail's copies follow its own rule, all alike.
        cap = 4 if label == TAIL else self.cap
        keys = all_copy_keys(np.array([d.u for d in documents]), np.array([d.weight for d in documents]), cap)
        amounts = np.repeat(tokens[:, None], cap, axis=1)
        _of(self._keys, label).add_all(keys.ravel(), amounts.ravel())
        if label not in (HUMAN_VERIFIED, SYNTHETIC_KNOWN, TAIL):
            judged = [i for i, d in enumerate(documents) if d.probability is not None]
            p = np.array([documents[i].probability for i in judged], dtype=np.float64)[:, None]
            expected = np.rint(amounts[judged] * p * PROBABILITY_UNIT).astype(np.int64)
            _of(self._synthetic, label).add_all(keys[judged].ravel(), expected.ravel())
            _of(self._judged, label).add_all(keys[judged].ravel(), amounts[judged].ravel())
        known = [d.rarity for d in documents if d.rarity is not None]
        if known:
            self.rarity.add_all(np.array(known))
        if self.tail_tokens and label == HUMAN_VERIFIED:
            self.rarest += [
                Rarest(-d.rarity, d.id, d.tokens, d.weight, d.u) for d in documents if d.rarity is not None
            ]
            self._prune()

    def add_words(self, label: str, words: Iterable[Keys], counted: CountMin) -> None:
        """Counts how many of the documents' words one or two documents of the corpus have."""
        times = counted.counts(np.concatenate([*words, np.empty(0, dtype=np.uint64)]))
        self.singles[label] += int((times == 1).sum())
        self.doubles[label] += int((times == 2).sum())

    def merge(self, other: "MixCounts") -> None:
        """Takes in what the other counted."""
        for mine, theirs in (
            (self.documents, other.documents),
            (self.tokens, other.tokens),
            (self.singles, other.singles),
            (self.doubles, other.doubles),
        ):
            mine.update(theirs)
        for own, others in (
            (self._keys, other._keys),
            (self._synthetic, other._synthetic),
            (self._judged, other._judged),
        ):
            for label, histogram in others.items():
                _of(own, label).merge(histogram)
        self.rarity.merge(other.rarity)
        self.rarest += other.rarest
        self._prune()
        self.kept_out += other.kept_out
        self.faults = sorted({*self.faults, *other.faults})[:_MOST_FAULTS]

    def set_tail_apart(self, tokens: int) -> Rarest | None:
        """Moves the rarest verified documents, of at most that many tokens, to the stratum `tail`.

        Returns:
            The last of them: what is not after it in (key, id) and is verified belongs to the tail.
        """
        room, apart = tokens, []
        for one in sorted(self.rarest):
            if one.tokens > room:
                break
            room -= one.tokens
            apart.append(one)
        if not apart:
            return None
        self.documents[HUMAN_VERIFIED] -= len(apart)
        self.tokens[HUMAN_VERIFIED] -= sum(one.tokens for one in apart)
        gone = LogHistogram()
        for one in apart:
            for key in all_copy_keys(np.array([one.u]), np.array([one.weight]), self.cap).ravel():
                gone.add((float(key), one.tokens))
        remaining = {number: (count, amount) for number, count, amount in self._keys[HUMAN_VERIFIED].rows()}
        for number, count, amount in gone.rows():
            there = remaining[number]
            remaining[number] = there[0] - count, there[1] - amount
        self._keys[HUMAN_VERIFIED] = LogHistogram.from_rows(
            (number, count, amount) for number, (count, amount) in remaining.items() if count
        )
        self._add(TAIL, [Counted(one.id, TAIL, one.tokens, one.u, 1.0, None, None) for one in apart])
        return apart[-1]

    def strata(self) -> dict[str, StratumCounts]:
        """What the plan is made from."""
        return {
            label: StratumCounts(
                self.documents[label],
                self.tokens[label],
                keys,
                self._synthetic.get(label),
                self._judged.get(label),
            )
            for label, keys in self._keys.items()
        }

    def to_bytes(self) -> bytes:
        """MessagePack; `from_bytes` reads it."""
        return msgspec.msgpack.encode(
            {
                "cap": self.cap,
                "tail_tokens": self.tail_tokens,
                "documents": dict(self.documents),
                "tokens": dict(self.tokens),
                "singles": dict(self.singles),
                "doubles": dict(self.doubles),
                "keys": {label: h.rows() for label, h in self._keys.items()},
                "synthetic": {label: h.rows() for label, h in self._synthetic.items()},
                "judged": {label: h.rows() for label, h in self._judged.items()},
                "rarity": self.rarity.rows(),
                "rarest": sorted(self.rarest),
                "kept_out": sorted(self.kept_out, key=lambda k: (k.run, k.id)),
                "faults": self.faults,
            }
        )

    @classmethod
    def from_bytes(cls, content: bytes) -> "MixCounts":
        state: dict[str, Any] = msgspec.msgpack.decode(content)
        counts = cls(state["cap"], state["tail_tokens"])
        for name in ("documents", "tokens", "singles", "doubles"):
            getattr(counts, name).update(state[name])
        for own, name in (
            (counts._keys, "keys"),
            (counts._synthetic, "synthetic"),
            (counts._judged, "judged"),
        ):
            own.update({label: LogHistogram.from_rows(rows) for label, rows in state[name].items()})
        counts.rarity = LogHistogram.from_rows(state["rarity"])
        counts.rarest = [Rarest(*one) for one in state["rarest"]]
        counts.kept_out = msgspec.convert(state["kept_out"], list[KeptOut])
        counts.faults = state["faults"]
        return counts

    def _prune(self) -> None:
        """Only as many of the rarest as the tail can hold, and the first that it can't."""
        self.rarest.sort()
        room = self.tail_tokens
        for place, one in enumerate(self.rarest):
            room -= one.tokens
            if room < 0:
                del self.rarest[place + 1 :]
                break


def _of(histograms: dict[str, LogHistogram], label: str) -> LogHistogram:
    return histograms.setdefault(label, LogHistogram())

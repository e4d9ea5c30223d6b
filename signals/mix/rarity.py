"""How rare a document's words are in the corpus, and which documents are not to be boosted for it.

rarity(d) = mean over its content words of max(0, ln(N / (count + 1))), where count is the number of the N
documents that have the word: the log of how many documents one must read to meet it, on average.

Content words are distinct lower-cased words without the commonest function words. Those would only dilute
the mean; each stands in most documents and adds nothing. Single words and not pairs: nearly every pair of
any text is rare, so that documents hardly differ by theirs, and a corpus has some twenty times as many
different pairs, which a sketch of the same size counts that much worse (`benchmarks/low_frequency.py`).

Rare is not garbage: optical misreadings, tables of codes and text in a wrong encoding have the rarest words
of all. They are told by simple signs, stay out of the counts, and are drawn with weight 1 like any other.
"""

import math
import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import xxhash

from wellspring.schemas.measurements import Measurements
from wellspring.signals.stats.count_min import CountMin, Keys
from wellspring.signals.text.words import words_of

FEWEST_WORDS = 10
"""Distinct content words below which the mean of a document says little."""
JUNK_PERPLEXITY_QUANTILE = 0.95
"""Of a stratum: the upper 5% by perplexity are taken for junk."""
MOST_SYMBOLS = 0.25
"""Share of a text's characters, white space left out, that are neither letters nor digits nor ordinary
punctuation, above which it is junk. No text of 66 MB of books, news, articles and PEPs has more than 0.16."""
_LONGEST_WORD = 40
_WITHOUT_SPACES = frozenset({"zh", "ja", "th", "km", "lo", "my"})
_ODD = re.compile(r"[^\w\s.,;:!?'\"()\-–—’‘“”]|_")
FUNCTION_WORDS = frozenset(
    """a about after all also am an and any are as at be because been before being but by can could did do
    does down during each even every few first for from further get go had has have having he her here hers
    him himself his how however i if in into is it its itself just like made make many may me might more most
    much must my myself new no nor not now of off on once one only or other our ours out over own s said same
    see she should so some such t than that the their theirs them themselves then there these they this those
    through time to too two under until up upon us use used very was way we well were what when where which
    while who whom whose why will with within without would you your yours d ll m re ve""".split()
)


def content_keys(text: str) -> Keys:
    """A 64-bit hash of each distinct content word, sorted.

    Left out: function words, words without a letter (numbers are endless and say little), and words of
    more than 40 characters (which are addresses, codes, or script without spaces).
    """
    distinct = set(words_of(text)) - FUNCTION_WORDS
    return np.array(
        sorted(
            xxhash.xxh3_64_intdigest(word.encode())
            for word in distinct
            if len(word) <= _LONGEST_WORD and not word.isdecimal()
        ),
        dtype=np.uint64,
    )


def rarity(keys: Keys, counted: CountMin) -> float | None:
    """The mean log rarity of a document's content words, nats, 0..ln N; None below ten of them.

    Args:
        keys: of `content_keys`. counted: the corpus, each document once, without junk.
    """
    return rarities([keys], counted)[0]


def rarities(documents: Sequence[Keys], counted: CountMin) -> list[float | None]:
    """`rarity` of several documents, the same bits as one by one, in one go over the table.

    Raises:
        ValueError: nothing has been counted.
    """
    if not counted.documents:
        raise ValueError("no document has been counted: there is no corpus to be rare in")
    counts = counted.counts(np.concatenate([*documents, np.empty(0, dtype=np.uint64)]))
    logs = np.maximum(0.0, math.log(counted.documents) - np.log(counts + 1.0))
    means: list[float | None] = []
    start = 0
    for keys in documents:
        end = start + len(keys)
        means.append(math.fsum(logs[start:end]) / len(keys) if len(keys) >= FEWEST_WORDS else None)
        start = end
    return means


def symbol_share(text: str) -> float:
    """Share of the characters, white space left out, that are no letter, accent, digit or ordinary
    punctuation; 0 of an empty text.
    """
    visible = sum(map(len, text.split()))
    # Python's \w leaves out the vowel signs of Hindi and other scripts.
    odd = sum(not unicodedata.category(character).startswith("M") for character in _ODD.findall(text))
    return odd / visible if visible else 0.0


def not_boosted_because(measurements: Measurements, text: str, perplexity_limit: float | None) -> str | None:
    """Why a document is neither counted nor drawn more often for its rare words; None if it may be.

    Args:
        perplexity_limit: the 0.95 quantile of perplexity in the document's stratum; None without scores.

    Returns:
        `unknown_language`: nor is it known what is rare in it;
        `no_word_breaks`: its script has no spaces, so that its words aren't known;
        `high_perplexity`: of the upper 5% of its stratum; `symbols`: more than a quarter of odd characters.
    """
    if measurements.language is None:
        return "unknown_language"
    if measurements.language in _WITHOUT_SPACES:
        return "no_word_breaks"
    perplexity = measurements.perplexity
    if perplexity is not None and perplexity_limit is not None and perplexity > perplexity_limit:
        return "high_perplexity"
    if symbol_share(text) > MOST_SYMBOLS:
        return "symbols"
    return None

"""Words and sentence lengths of a text, in one pass that every text signal shares."""

import re

import msgspec

from signals.sentences import split_sentences

_WORD_OR_SENTENCE_END = re.compile(r"\w+|\n")


class WordsAndSentences(msgspec.Struct, frozen=True):
    """Lower-cased words in order, and the number of words in each sentence that has any."""

    words: list[str]
    sentence_lengths: list[int]


def words_and_sentences(text: str) -> WordsAndSentences:
    """Splits a text once into words (runs of letters, digits and underscore) and sentences.

    Sentence ends come as line breaks, so that one search of the whole text finds words and ends.
    """
    tokens = _WORD_OR_SENTENCE_END.findall(split_sentences(text).lower())
    lengths: list[int] = []
    start = 0
    ends = tokens.count("\n")
    for _ in range(ends):
        end = tokens.index("\n", start)
        if end > start:
            lengths.append(end - start)
        start = end + 1
    if len(tokens) > start:
        lengths.append(len(tokens) - start)
    return WordsAndSentences([t for t in tokens if t != "\n"] if ends else tokens, lengths)

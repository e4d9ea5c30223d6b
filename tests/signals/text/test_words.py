import re

from hypothesis import given
from hypothesis import strategies as st

from wellspring.signals.text.sentences import split_sentences
from wellspring.signals.text.words import words_and_sentences, words_of


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_words_and_lengths_are_those_of_a_plain_loop(text):
    sentences = split_sentences(text).lower().split("\n")
    expected = [re.findall(r"\w+", s) for s in sentences]
    split = words_and_sentences(text)
    assert split.words == [w for s in expected for w in s]
    assert split.sentence_lengths == [len(s) for s in expected if s]


def test_sentences_end_where_people_end_them():
    text = "Dr. Smith paid 3.50 euros. It rained! Did he mind?\nHe did not."
    assert words_and_sentences(text).sentence_lengths == [6, 2, 3, 3]


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_words_alone_are_those_of_a_plain_search(text):
    assert words_of(text) == re.findall(r"\w+", text.lower())

import blingfire

from wellspring.signals.text.sentences import split_sentences


def test_a_nul_does_not_end_the_text():
    # blingfire stops at a NUL: what follows would be lost.
    assert split_sentences("First one.\0 Second one. Third.").split("\n")[-1] == "Third."


def test_text_that_is_no_valid_unicode_is_split_all_the_same():
    assert split_sentences("A lone \ud800 surrogate. And more.").split("\n") == [
        "A lone \ud800 surrogate.",
        "And more.",
    ]


def test_nothing_stays_nothing():
    assert split_sentences("") == ""


def test_a_text_that_blingfire_refuses_is_not_lost():
    assert split_sentences("\ufeff") == "\ufeff"


def test_it_is_what_blingfires_own_function_gives():
    text = "Dr. Smith paid 3.50 euros. It rained! „Did he mind?“\n" * 40
    for length in range(0, len(text), 7):
        assert split_sentences(text[:length]) == blingfire.text_to_sentences(text[:length])

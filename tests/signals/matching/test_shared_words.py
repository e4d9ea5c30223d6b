from wellspring.signals.matching.quotations import COMMON_DOCUMENTS
from wellspring.signals.matching.shared_words import SharedWords, passage_hashes

WORDS = [f"word{i}" for i in range(60)]


def text(first, last):
    return " ".join(WORDS[first:last])


def test_thirteen_words_in_a_row_are_found_twelve_are_not():
    checked = SharedWords([text(0, 30), text(30, 60)])
    checked.see([f"before {text(5, 18)} after", f"before {text(40, 52)} after"])
    assert checked.copied_documents() == [True, False]
    assert checked.shared(text(3, 20))
    assert not checked.shared(text(30, 60))


def test_a_document_is_a_copy_from_a_tenth_of_its_words_on():
    long = [" ".join(f"{name}{i}" for i in range(length)) for name, length in (("a", 150), ("b", 151))]
    checked = SharedWords([*long, " ".join(f"c{i}" for i in range(260))])
    checked.see([" ".join(f"{name}{i}" for i in range(40, 55)) for name in "ab"])
    checked.see([" ".join(f"c{i}" for i in range(start, start + 13)) for start in (20, 100)])
    # 15 of 150 words, 15 of 151, twice 13 of 260
    assert checked.copied_documents() == [True, False, True]


def test_case_punctuation_and_compatibility_forms_do_not_hide_it():
    checked = SharedWords([text(0, 20)])
    checked.see([text(0, 20).upper().replace(" ", ",  ").replace("WORD1", "ＷＯＲＤ1")])
    assert checked.copied_documents() == [True]


def test_boilerplate_clears_a_document_but_not_its_passage():
    checked = SharedWords([text(0, 40)])
    checked.see([f"{i} {text(10, 25)}" for i in range(COMMON_DOCUMENTS + 1)])
    assert checked.copied_documents() == [False]
    assert checked.shared(text(8, 30))
    assert not checked.shared(text(26, 40))


def test_short_and_empty_text_shares_nothing():
    checked = SharedWords(["", "few words"])
    checked.see(["", "few words", text(0, 20)])
    assert checked.copied_documents() == [False, False]
    assert not checked.shared("few words")
    assert len(passage_hashes(text(0, 13))) == 1


def test_order_and_repetition_of_words_matter():
    row = passage_hashes(text(0, 13))
    assert row != passage_hashes(" ".join(reversed(WORDS[:13])))
    assert passage_hashes("a " * 13) != passage_hashes("b " * 13)

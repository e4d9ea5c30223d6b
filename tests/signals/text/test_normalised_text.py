import hashlib
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wellspring.signals.text.normalised_text import normalised_text, text_sha256


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello,  World!\n", "hello world"),
        ("don't stop -- 3.14", "don t stop 3 14"),
        ("snake_case", "snake case"),
        ("Straße ﬁne Ａ", "strasse fine a"),
        ("co\u00adoperate zero\u200bwidth", "cooperate zerowidth"),
        ("“quoted” — dash…", "quoted dash"),
        ("Ünïcode ΣΑΣ", "ünïcode σασ"),
        ("  ...!? ", ""),
        ("", ""),
    ],
)
def test_words_are_left_and_single_spaces(text, words):
    assert normalised_text(text) == words


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_it_is_the_plain_definition_and_changes_nothing_twice(text):
    visible = "".join(c for c in text if c not in "\u00ad\u200b\u200c\u200d\u2060\ufeff")
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible).casefold())
    plain = " ".join("".join(c if re.match(r"[^\W_]", c) else " " for c in folded).split())
    assert normalised_text(text) == plain
    assert normalised_text(normalised_text(text)) == normalised_text(text)


def test_the_hash_is_of_the_texts_bytes():
    assert text_sha256("é") == hashlib.sha256(b"\xc3\xa9").hexdigest()

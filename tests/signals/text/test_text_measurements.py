from wellspring.signals.text.text_measurements import measure_text

PROSE = "The old mill stood by the river. Nobody had lived there for years, or so they said. " * 8


def test_what_is_undefined_is_null_with_a_reason():
    m = measure_text("a", "Only one short sentence here.", language="en", tokens=6)
    assert (m.burstiness, m.mattr) == (None, None)
    assert m.undefined == ["mattr: fewer than 50 words", "burstiness: one sentence"]
    empty = measure_text("b", "?!", language=None, tokens=1)
    assert empty.type_token_ratio is None
    assert "type_token_ratio: no words" in empty.undefined


def test_counts_are_of_utf8_bytes_words_and_sentences():
    m = measure_text("a", "Äpfel sind rot. Ja.", language="de", tokens=7)
    assert (m.bytes, m.words, m.sentences, m.tokens) == (20, 4, 2, 7)


def test_prose_has_every_text_signal():
    m = measure_text("a", PROSE, language="en", tokens=160)
    assert not m.undefined
    assert 0 < m.type_token_ratio < m.mattr <= 1

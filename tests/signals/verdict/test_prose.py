import pytest

from wellspring.signals.verdict.prose import prose_shape

PROSE = "It was late when we came home, and the lamp in the kitchen was still on for us."


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_a_text_without_words_has_no_shape(text):
    assert prose_shape(text) == (0.0, 0.0, 0.0)


def test_prose_code_and_lists_differ():
    code = "def f(x):\n    return {k: v[0] for k, v in x.items()}  # 17\n" * 5
    shopping = "- milk\n- twelve eggs\n- flour\n- salt\n"
    prose = prose_shape(PROSE)
    assert prose.function_words > 0.4
    assert prose.letters > 0.95
    assert prose.short_lines == 0
    assert prose_shape(code).letters < 0.75
    assert prose_shape(code).function_words < prose.function_words
    assert prose_shape(shopping).short_lines == 1.0


def test_letters_outside_ascii_are_letters():
    assert prose_shape("Füße 17").letters == pytest.approx(6 / 8)

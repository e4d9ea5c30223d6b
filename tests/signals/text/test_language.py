import pytest

from wellspring.signals.text.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The ferry leaves the harbour at nine in the morning and comes back before it is dark.", "en"),
        (
            "Die Fähre verlässt den Hafen um neun Uhr morgens und kommt zurück, bevor es "
            "dunkel wird. Am Abend sitzen die Leute vor dem Haus und reden über das Wetter.",
            "de",
        ),
        ("Le bateau quitte le port à neuf heures du matin et revient avant la tombée de la nuit.", "fr"),
    ],
)
def test_languages_are_told_apart(text, language):
    assert detect_language(text) == language


def test_what_has_no_words_has_no_language():
    assert detect_language("12345 67890 " * 20) is None

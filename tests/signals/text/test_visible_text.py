import pytest

from wellspring.signals.text.visible_text import visible_text


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("a\u202eb", "a\\u202eb"),  # right-to-left override
        ("\x1b[2Jgone", "\\u001b[2Jgone"),  # clears a terminal
        ("a\r\nb", "a\\u000d\\u000ab"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # Persian needs its joiner
        ("<script>", "<script>"),
    ],
)
def test_invisible_characters_are_shown_as_what_they_are(hostile, shown):
    assert visible_text(hostile) == shown


def test_a_long_text_ends_in_an_ellipsis():
    assert visible_text("abcdef", 4) == "abc…"
    assert visible_text("abcd", 4) == "abcd"

import msgspec
import pytest

from tests.pipelines.set_cards import CARD
from wellspring.pages.data_card import data_card


def test_it_says_shares_licences_scorer_profile_and_weaknesses():
    card = data_card(CARD)
    for said in (
        "# v12\n",
        "| human\\_verified | 30.00% | 30.12% |",
        "Of its tokens 71.0% (68.0% to 74.0%) are expected to be synthetic.",
        "| CC-BY-4.0 | 3 |",
        "| unknown | 2 |",
        "- Profile: reference-en",
        "- Scorer: reference-en@1",
        f"root {'ab' * 32}",
        "- Its English is all from one site.",
        "nobody checked them",
    ):
        assert said in card


def test_what_is_not_known_is_said():
    card = data_card(
        msgspec.structs.replace(CARD, expected_synthetic=None, scorer=None, anchor=None, runs=[])
    )
    for said in ("No share of synthetic text", "Scorer: none", "kept out: none", "Runs: none"):
        assert said in card


@pytest.mark.parametrize(
    ("licence", "shown"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert\\(1\\)&lt;/script&gt;"),
        ("MIT |\n| forged | 9", "MIT \\| \\| forged \\| 9"),
        ("[x](http://evil.example)", "\\[x\\]\\(http://evil.example\\)"),
    ],
)
def test_what_comes_from_outside_is_no_markup(licence, shown):
    card = data_card(msgspec.structs.replace(CARD, licences={licence: 1}))
    assert f"| {shown} | 1 |\n" in card

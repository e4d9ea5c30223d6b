"""Recipes: what is taken, and one line for what is not."""

import pytest

from wellspring.signals.mix.recipes import parse_recipe

GOOD = """
seed: 7
runs: [runs/a, runs/b]
tokens: 5000
shares: {human_verified: 0.3, human_unverified: 0.6, synthetic_known: 0.1}
low_frequency: {strength: 0.5, cap: 4}
tail: {pack: tails/rare.jsonl, share: 0.02}
"""


def test_a_recipe_with_its_defaults():
    recipe = parse_recipe(GOOD)
    assert recipe.runs == ["runs/a", "runs/b"]
    assert (recipe.by, recipe.when_short, recipe.format, recipe.gate) == (
        "labels",
        "stop",
        "parquet",
        "monitor",
    )
    assert recipe.low_frequency is not None and recipe.low_frequency.cap == 4


@pytest.mark.parametrize(
    "before, after, message",
    [
        ("seed:", "sed:", "line 2: sed: unknown key; did you mean seed?"),
        ("when_short: x", "when_shrt: stop", "when_shrt: unknown key; did you mean when_short?"),
        ("strength: 0.5", "strenght: 0.5", "did you mean strength?"),
        ("human_verified: 0.3", "human_verfied: 0.3", "human_verfied: unknown key; did you mean human_v"),
        ("human_verified: 0.3", "human_verified: 0.2", "they sum to 0.9, not to 1"),
        ("human_verified: 0.3, human_unverified: 0.6", "human_verified: -1, human_unverified: 1", "in 0..1"),
        ("share: 0.02", "share: 0.4", "inside that of human_verified, which is 0.3"),
        ("cap: 4", "cap: 9", "low_frequency.cap"),
        ("tokens: 5000", "tokens: many", "tokens"),
        ("tokens: 5000", "tokens: 0", "tokens"),
        ("seed: 7", "by: counts", "by: Input should be 'labels' or 'probabilities'"),
        ("seed: 7", "sources: s.yaml", None),
        ("seed: 7", "{", "is not YAML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line(before, after, message):
    content = GOOD.replace(before, after) if before in GOOD else GOOD + after
    if message is None:
        assert parse_recipe(content).sources == "s.yaml"
        return
    with pytest.raises(ValueError) as caught:
        parse_recipe(content, "my.yaml")
    assert message in str(caught.value)
    assert str(caught.value).startswith("my.yaml")
    assert "\n" not in str(caught.value)


def test_sources_need_low_frequency():
    with pytest.raises(ValueError, match="low_frequency, which is not given"):
        parse_recipe("tokens: 1\nshares: {human_verified: 1}\nsources: s.yaml")


@pytest.mark.parametrize("content", ["", "- a", "7"])
def test_no_mapping(content):
    with pytest.raises(ValueError, match="key: value"):
        parse_recipe(content)

"""The report page of a training set: complete, self-contained, and safe with hostile text."""

import re

import msgspec
import pytest

from tests.pipelines.mixed_runs import curate, mix, some_documents
from wellspring.pages.mix_table import closing_table, warnings
from wellspring.pages.set import render_set
from wellspring.pipelines.sets.set_folder import read_set
from wellspring.schemas.training_set import Estimated, RareTypes, SetManifest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tiny_scorer, tmp_path_factory):
    run = curate(tmp_path_factory.mktemp("a"), some_documents(150, sentences=2), tiny_scorer)
    return mix(
        tmp_path_factory.mktemp("set"),
        [run],
        "tokens: 15000\nshares: {human_verified: 0.6, human_unverified: 0.4}\n"
        "low_frequency: {strength: 1}\ntail: {pack: top_rarity, share: 0.1}",
    )


@pytest.fixture(scope="module")
def manifest(folder) -> SetManifest:
    return read_set(str(folder))


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def test_the_set_s_own_page_says_what_was_planned_and_drawn(folder, manifest):
    page = (folder / "report.html").read_text()
    said = words(page)
    for plan, drawn in zip(manifest.plan, manifest.drawn, strict=True):
        assert f"{plan.name} {plan.share:.2%} {drawn.share:.2%} {drawn.tokens:,}" in said
    assert "Every stratum has the recipe's share, within 1%" in said.replace("&#x27;", "'")
    assert "expected copies of each document per generation" in said
    assert all(f'href="#{anchor}"' in page for anchor in re.findall(r'<section id="([^"]+)"', page))
    assert page.count("<section") == 9


def test_nothing_is_loaded_from_elsewhere(folder):
    page = (folder / "report.html").read_text()
    assert not re.search(r"(src|href)=[\"']?(https?:|//)", page)
    assert "<script" not in page


def test_hostile_names_are_escaped(manifest):
    evil = "<script>alert(1)</script>\u202e"
    page = render_set(
        msgspec.structs.replace(
            manifest, tail=[(evil, 3.0, 3)], kept_out={evil: 2}, profile=evil, tokenizer=evil
        ),
        [],
    )
    assert "<script" not in page and "\u202e" not in page


def test_shares_far_off_and_lowered_totals_are_said_first(manifest):
    off = msgspec.structs.replace(
        manifest,
        lowered_from=99_000,
        drawn=[msgspec.structs.replace(manifest.drawn[0], share=0.9), *manifest.drawn[1:]],
    )
    said = words(render_set(off, []))
    assert f"The shares of {manifest.drawn[0].name} are more than 1% from" in said
    assert "too small for 99,000 tokens" in said


def test_expectations_and_rare_words(manifest):
    one = msgspec.structs.replace(
        manifest,
        expected_synthetic=Estimated(value=0.12, low=0.1, high=0.14),
        without_probability=7,
        rare_types=RareTypes(corpus=100, kept=30.0, plain=20.0),
    )
    said = words(render_set(one, []))
    assert "12.00% of the tokens are expected to be synthetic (95% interval 10.00% to 14.00%" in said
    assert "7 documents that no profile judged" in said
    assert "The set keeps 1.50 times as many as plain sampling" in said


def test_what_makes_a_set_a_poor_one_is_said(manifest):
    good = msgspec.structs.replace(
        manifest, distinct_documents=900, effective_sample_size=600.0,
        rare_types=RareTypes(corpus=99, plain=10.0, kept=20.0),
    )  # fmt: skip
    assert warnings(good) == []
    (few,) = warnings(msgspec.structs.replace(good, distinct_documents=6))
    assert few.startswith("all of its tokens come from 6 documents")
    (worth,) = warnings(msgspec.structs.replace(good, effective_sample_size=40.2))
    assert "900 documents worth 40" in worth
    (rare,) = warnings(msgspec.structs.replace(good, rare_types=RareTypes(corpus=99, plain=10.0, kept=7.8)))
    assert "keeps 0.78 times as many rare words as" in rare
    assert "warning" in closing_table(msgspec.structs.replace(good, distinct_documents=6), "set", 1.0)

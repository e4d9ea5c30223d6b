import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from resiliparse.parse.html import HTMLTree

from wellspring.transforms.formats.html_declarations import page_declarations

MODEL = "https://schema.org/TrainedAlgorithmicMediaDigitalSource"
CAMERA = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


def declared(html: str) -> str | None:
    return page_declarations(html, HTMLTree.parse(html)).get("digital_source_type")


def json_ld(content: str) -> str:
    return f'<html><head><script type="application/ld+json">{content}</script></head><body><p>Text.'


@pytest.mark.parametrize(
    "html",
    [
        json_ld(f'{{"@type": "NewsArticle", "digitalSourceType": "{MODEL}"}}'),
        json_ld(f'{{"@type": ["Thing", "BlogPosting"], "digitalSourceType": {{"@id": "{MODEL}"}}}}'),
        json_ld(
            '{"@graph": [{"@type": "ImageObject"}, '
            f'{{"@type": "WebPage", "digitalSourceType": ["{MODEL}"]}}]}}'
        ),
        json_ld(
            '{"@type": "WebPage", "mainEntity": '
            f'{{"@type": "Article", "schema:digitalSourceType": "{MODEL}"}}}}'
        ),
        json_ld(f'//<![CDATA[\n{{"@type": "Article", "digitalSourceType": "{MODEL}"}}\n//]]>'),
        f'<head><meta name="digitalSourceType" content="{MODEL}"></head>',
        f'<head><meta property="Iptc4xmpExt:DigitalSourceType" content="{MODEL}"></head>',
        '<article itemscope itemtype="https://schema.org/Article">'
        f'<div><link itemprop="digitalSourceType" href="{MODEL}"></div></article>',
        '<article vocab="https://schema.org/" typeof="BlogPosting">'
        f'<a property="digitalSourceType" href="{MODEL}">'
        "made by a model</a></article>",
        # one declaration of several names a machine
        json_ld(f'{{"@type": "Article", "digitalSourceType": ["{CAMERA}", "{MODEL}"]}}'),
    ],
)
def test_a_page_declares_its_own_text(html):
    assert declared(html) == MODEL


@pytest.mark.parametrize(
    "html",
    [
        json_ld(f'{{"@type": "ImageObject", "digitalSourceType": "{MODEL}"}}'),
        json_ld(
            f'{{"@type": "Article", "image": {{"@type": "ImageObject", "digitalSourceType": "{MODEL}"}}}}'
        ),
        json_ld(f'{{"@type": "Article", "image": {{"digitalSourceType": "{MODEL}"}}}}'),
        json_ld(
            f'{{"@type": "Article", "comment": [{{"@type": "Comment", "digitalSourceType": "{MODEL}"}}]}}'
        ),
        json_ld(f'{{"@type": "Article", "digitalSourceType": "{MODEL}"'),  # cut
        json_ld(f'{{"@type": "Article", "headline": "what digitalSourceType means: {MODEL}"}}'),
        '<article itemscope itemtype="https://schema.org/Article"><figure itemprop="image" itemscope '
        'itemtype="https://schema.org/ImageObject">'
        f'<meta itemprop="digitalSourceType" content="{MODEL}"></figure>',
        '<div itemscope itemtype="https://schema.org/WebPage"><div itemprop="hasPart" itemscope '
        'itemtype="https://schema.org/Article">'
        f'<meta itemprop="digitalSourceType" content="{MODEL}"></div></div>',
        f'<figure typeof="ImageObject"><meta property="schema:digitalSourceType" content="{MODEL}"></figure>',
        f'<meta about="/cover.png" property="schema:digitalSourceType" content="{MODEL}">',
        f'<p>The property digitalSourceType="{MODEL}" says who made a picture.</p>',
    ],
)
def test_what_is_declared_of_a_picture_or_another_text_is_not_declared_of_the_page(html):
    assert declared(html) is None


def test_the_publishing_system_is_kept_beside_it():
    html = f'<meta name="Generator" content="WordPress 6"><meta name="digitalSourceType" content="{MODEL}">'
    assert page_declarations(html, HTMLTree.parse(html)) == {
        "generator": "WordPress 6",
        "digital_source_type": MODEL,
    }


@pytest.mark.parametrize(
    "html",
    [
        '<meta itemprop="digitalSourceType" content="x">' * 21_000,
        '<script type="application/ld+json">{"digitalSourceType":"x"}</script>' * 15_000,
        json_ld("[" * 1_000_000 + '"digitalSourceType"'),
        json_ld('["digitalSourceType"' + ",{}" * 80_000 + "]"),
        "<div>" * 15_000 + '<meta itemprop="digitalSourceType" content="x">' * 40,
        '<meta itemprop="digitalSourceType" content="x">' * 50 + "<p>a" * 230_000,
    ],
    ids=["elements", "scripts", "depth", "width", "ancestors", "page"],
)
def test_a_hostile_page_of_a_megabyte_costs_little(html):
    tree = HTMLTree.parse(html)
    started = time.process_time()
    page_declarations(html, tree)
    assert time.process_time() - started < 1


@given(st.text(max_size=200), st.text(max_size=200))
@example(script="", attribute="\x1b")
def test_no_page_raises(script, attribute):
    html = (
        json_ld(f'{{"digitalSourceType": {script}') + f'<meta name="digitalSourceType" content="{attribute}">'
    )
    for value in page_declarations(html, HTMLTree.parse(html)).values():
        assert 0 < len(value) <= 200

import gzip
import json

import pytest

from signals.labelled import independent, one_a_prompt, prompt_of, read_labelled


def line(id: str, label: str = "human", **values: object) -> dict[str, object]:
    return {"id": id, "text": f"text of {id}", "label": label, "source": "a/b", **values}


def texts(*lines: dict[str, object]):
    return read_labelled("\n".join(map(json.dumps, lines)).encode(), "texts.jsonl")


@pytest.mark.parametrize(
    ("id", "generator", "prompt"),
    [
        ("bis-creative-0189-claude-3-sonnet", "claude-3-sonnet", "bis-creative-0189"),
        ("bis-yelp-0186-human", None, "bis-yelp-0186"),
        ("l2r-blog-011-gemini-1.5-pro-rewrite-", "gemini-1.5-pro (rewrite)", "l2r-blog-011"),
        (
            "gpt3exp-recycling-davinci-gpt-3-temperature-1.0.5",
            "davinci (GPT-3, temperature 1.0)",
            "gpt3exp-recycling",
        ),
        ("17", "gpt-4", "17"),
    ],
)
def test_the_prompt_is_what_stands_before_the_last_name(id, generator, prompt):
    assert prompt_of(id, generator) == prompt


def test_lines_are_read_gzipped_or_not_and_empty_ones_skipped():
    content = (
        json.dumps(line("1-human")) + "\n\n" + json.dumps(line("1-gpt-4", "synthetic", generator="gpt-4"))
    )
    for packed in (content.encode(), gzip.compress(content.encode())):
        human, synthetic = read_labelled(packed, "x")
        assert (human.synthetic, synthetic.synthetic) == (False, True)
        assert (human.prompt, synthetic.prompt) == ("1", "1")
        assert (human.collection, synthetic.generator, human.generator) == ("a", "gpt-4", None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no labelled text"),
        (b'{"id": "1", "text": "a", "label": "machine"}', "line 1: .*machine"),
        (b'{"id": "1", "label": "human"}', "line 1: .*text"),
        (
            b'{"id": "1", "text": "a", "label": "human"}\n{"id": "1", "text": "b", "label": "human"}',
            "line 2: .*twice",
        ),
        (b"\x1f\x8bnot gzip", "texts.jsonl"),
        (b'{"id": "1"', "line 1"),
    ],
)
def test_what_is_no_labelled_text_is_named_in_one_line(content, message):
    with pytest.raises(ValueError, match=message) as raised:
        read_labelled(content, "texts.jsonl")
    assert "\n" not in str(raised.value)


def test_equal_texts_share_a_prompt_and_collections_that_share_one_are_one():
    found = independent(
        texts(
            line("1-human", source="a/x", text="The same TEXT"),
            line("2-human", source="b/x", text="the same  text"),
            line("2-gpt", "synthetic", source="b/y", generator="gpt", text="other"),
            line("3-human", source="c/x", text="third"),
        )
    )
    assert [each.collection for each in found] == ["a + b", "a + b", "a + b", "c"]
    assert found[0].prompt == found[1].prompt == found[2].prompt != found[3].prompt
    assert [each.id for each in one_a_prompt(found)] == ["1-human", "3-human"]


def test_one_text_under_both_labels_is_refused():
    with pytest.raises(ValueError, match="1-human and 2-gpt are the same text"):
        independent(texts(line("1-human", text="a b"), line("2-gpt", "synthetic", text="A  b")))

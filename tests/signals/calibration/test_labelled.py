import pytest

from wellspring.schemas.document import Document
from wellspring.signals.calibration.labelled import independent, labelled_text, one_per_prompt, prompt_of


def line(id: str, label: str = "human", **values: object) -> dict[str, object]:
    return {"id": id, "text": f"text of {id}", "label": label, "source": "a/b", **values}


def texts(*lines: dict[str, object]):
    return [
        labelled_text(
            row,
            Document(
                id=str(row["id"]),
                text=str(row["text"]),
                source=str(row.get("source")),
                file_path="texts.jsonl",
                offset=0,
            ),
        )
        for row in lines
    ]


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


def test_a_row_has_its_label_and_what_stands_beside():
    human, synthetic = texts(line("1-human"), line("1-gpt-4", "synthetic", generator="gpt-4"))
    assert (human.synthetic, synthetic.synthetic) == (False, True)
    assert (human.prompt, synthetic.prompt) == ("1", "1")
    assert (human.collection, synthetic.generator, human.generator) == ("a", "gpt-4", None)
    (unnamed,) = texts(line("2", "synthetic", generator=float("nan"), domain=None, prompt="p"))
    assert (unnamed.generator, unnamed.domain, unnamed.prompt) == ("unknown", None, "p")


@pytest.mark.parametrize(
    ("values", "message"),
    [({"label": "machine"}, "machine.*label"), ({"label": ""}, "label"), ({"label": None}, "label"),
     ({"label": "human", "generator": 3}, "generator"), ({"label": "human", "domain": ["a"]}, "domain")],
)  # fmt: skip
def test_what_is_no_labelled_text_is_named(values, message):
    with pytest.raises(ValueError, match=message) as raised:
        texts({"id": "1", "text": "a", **values})
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
    assert [each.id for each in one_per_prompt(found)] == ["1-human", "3-human"]


def test_one_text_under_both_labels_is_refused():
    with pytest.raises(ValueError, match="1-human and 2-gpt are the same text"):
        independent(texts(line("1-human", text="a b"), line("2-gpt", "synthetic", text="A  b")))

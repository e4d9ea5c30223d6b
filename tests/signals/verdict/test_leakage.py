import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wellspring.signals.verdict.leakage import find_leak

PADDING = "The committee met on Tuesday and talked about the new bridge for an hour. " * 12


@pytest.mark.parametrize(
    ("text", "certain"),
    [
        ("As an AI language model, I cannot have a favourite. " + PADDING, True),
        (PADDING + "I hope this helps! Let me know if you need anything else.", True),
        ("CERTAINLY! HERE IS the essay. " + PADDING, True),
        (PADDING + "As an AI language model, I have no view. " + PADDING, False),
        (PADDING + "As an AI language model, I have no view. My knowledge cutoff is 2023. " + PADDING, True),
        ("I’m sorry, but I can’t assist with that. " + PADDING, True),
        ("As of my last update in 2023, there is no such bridge. " + PADDING, True),
        ("As an AI language model developed by OpenAI, I have no view. " + PADDING, True),
        ("As an AI language model, it says. So much for ChatGPT. " + PADDING + "ChatGPT failed.", False),
        ("As an AI language model, I don't know. " + PADDING + "That's what LLMs are like.", False),
    ],
)
def test_a_phrase_in_the_texts_own_voice_is_certain_at_the_edges_or_in_company(text, certain):
    assert find_leak(text).certain is certain


@pytest.mark.parametrize(
    "text",
    [
        PADDING,
        "It answered “As an AI language model, I cannot say” and we laughed. " + PADDING,
        'Then it wrote: "As an AI language model, I cannot say." ' + PADDING,
        "> As an AI language model, I cannot say\n" + PADDING,
        "Sie sagte: „As an AI language model, I cannot say“, und so fort. " + PADDING,
        "It said 'As an AI language model, I can't say' and stopped. " + PADDING,
        "It said ‘As an AI language model, I can’t say’ and stopped. " + PADDING,
        "The string `as an ai language model` is what we search for. " + PADDING,
        "「As an AI language model」 " + PADDING,
        "« As an AI language model » est une phrase connue. " + PADDING,
        "",
    ],
)
def test_quotations_and_other_text_leak_nothing(text):
    assert find_leak(text) is None


def test_an_apostrophe_begins_no_quotation():
    text = "The students' bridge isn't new. As an AI language model, I don't like the '90s. " + PADDING
    assert find_leak(text).certain


@pytest.mark.parametrize("marks", ['"“«', "'a", "'", "`", "„", "「", "\n>", " '", "chatgpt ", "“a"])
def test_a_page_full_of_quotation_marks_costs_little(marks):
    hostile = marks * (1_000_000 // len(marks)) + "as an ai language model" + "''>" * 100_000
    started = time.process_time()
    find_leak(hostile)
    assert time.process_time() - started < 5


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_raises(before, after):
    find_leak(before + "As an AI language model" + after)

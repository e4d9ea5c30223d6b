import time

import pytest

from signals.leakage import find_leak

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
        "« As an AI language model » est une phrase connue. " + PADDING,
        "",
    ],
)
def test_quotations_and_other_text_leak_nothing(text):
    assert find_leak(text) is None


def test_a_page_full_of_quotation_marks_costs_little():
    hostile = '"“«' * 300_000 + "as an ai language model" + "''>" * 100_000
    started = time.process_time()
    find_leak(hostile)
    assert time.process_time() - started < 5

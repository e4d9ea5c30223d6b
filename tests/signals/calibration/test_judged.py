import msgspec
import numpy as np

from tests.signals.classified_text import labelled
from wellspring.signals.calibration.judged import judged_text, left_out_of, operating_of, probability_counts


def judged(probabilities: list[float | None]):
    texts = labelled(prompts=len(probabilities), collections=("a",))
    return [
        judged_text(text, words=120, probability=p, flagged=p is not None and p > 0.8)
        for text, p in zip(texts, probabilities, strict=False)
    ]


def test_a_row_keeps_what_the_text_is_known_by():
    (text,) = labelled(prompts=1, collections=("a",))[1:]
    row = msgspec.structs.asdict(judged_text(text, words=120, probability=0.9, flagged=True))
    assert row.items() >= {"words": 120, "probability": 0.9, "flagged": True}.items()
    assert all(row[name] == getattr(text, name) for name in row.keys() & set(text.__struct_fields__))


def test_counts_are_of_the_judged_texts_by_label():
    rows = judged([0.1, 0.9, 0.85, 0.2, None, None, 0.3, 0.95])  # human and synthetic by turns
    found = operating_of(rows)
    assert (found.true_positives, found.synthetic, found.false_positives, found.human) == (2, 3, 1, 3)
    left_out = left_out_of(rows)
    assert (sum(left_out.human), sum(left_out.synthetic)) == (3, 3)
    assert left_out.human[85] == left_out.synthetic[90] == 1


def test_probabilities_are_counted_as_numpy_counts_them_within_the_bins():
    values = [*np.random.default_rng(1).random(500).tolist(), 0.0, 1.0]
    expected = np.histogram(values, bins=100, range=(0, 1))[0]
    assert probability_counts(judged(values)) == expected.tolist()

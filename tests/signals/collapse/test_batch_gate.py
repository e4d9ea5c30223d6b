import numpy as np

from tests.signals.simulated_corpus import zipf_texts
from wellspring.signals.collapse.batch_gate import BATCH_ROWS, floors_of, held_batches


def types(name: str, rows: int = 200) -> np.ndarray:
    texts = [[int(word[1:]) for word in text.split()] for text in zipf_texts(rows, 100, name)]
    return np.array(texts, dtype=np.int64)


REAL = types("real")
COUNTS = np.bincount(REAL.ravel(), minlength=10_000)
RARE = (COUNTS > 0) & (COUNTS <= 2)


def test_real_batches_set_floors_that_few_of_them_fall_below() -> None:
    floors = floors_of(REAL, RARE)
    held = held_batches(REAL, RARE, floors)
    assert len(held) == len(REAL) // BATCH_ROWS
    assert 0 < held.mean() <= 0.1


def test_a_batch_that_repeats_itself_or_lacks_rare_types_is_held() -> None:
    floors = floors_of(REAL, RARE)
    repeated = np.tile(REAL[:1], (10, 1))
    common = np.where(RARE[REAL[:10]], 0, REAL[:10])
    assert held_batches(np.concatenate([repeated, common]), RARE, floors).all()


def test_a_short_batch_passes_and_words_that_real_text_lacks_are_not_rare_ones() -> None:
    floors = floors_of(REAL, RARE)
    invented = np.full((13, 50), len(RARE) + 5)
    assert held_batches(invented, RARE, floors).tolist() == [True, False]
    assert held_batches(np.full((10, 5), -1), RARE, floors).tolist() == [True]

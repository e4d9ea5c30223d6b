import numpy as np
import pytest
import zstandard

from wellspring.signals.batch.compression import compression_ratio
from wellspring.signals.batch.document_sample import sample_documents

WORDS = [f"word{i:03}" for i in range(300)]


def texts(generator, documents, words=80):
    return [" ".join(generator.choice(WORDS, size=words)) for _ in range(documents)]


def sample(documents, name=""):
    return sample_documents([(f"{name}{i}", b"", text) for i, text in enumerate(documents)])


def test_it_is_what_zstd_makes_of_the_joined_beginnings():
    drawn = sample(texts(np.random.default_rng(1), 80))
    joined = b"\n".join(one.text for one in drawn)
    size = len(zstandard.ZstdCompressor(level=3).compress(joined))
    assert compression_ratio(drawn).value == size / len(joined)


def test_what_documents_repeat_of_each_other_counts():
    generator = np.random.default_rng(2)
    different = texts(generator, 64)
    phrase = texts(generator, 1, 60)[0]
    alike = [phrase + text[:150] for text in different]
    assert compression_ratio(sample(alike)).high < compression_ratio(sample(different)).low


@pytest.mark.slow
def test_its_interval_covers_what_other_samples_show():
    generator = np.random.default_rng(3)
    made = []
    for k in range(150):
        drawn = [" ".join(generator.choice(WORDS[: generator.integers(20, 300)], size=80)) for _ in range(64)]
        made.append(compression_ratio(sample(drawn, f"{k} ")))
    truth = np.mean([each.value for each in made])
    assert 0.88 <= np.mean([each.low <= truth <= each.high for each in made]) <= 1.0


def test_without_text_it_is_undefined_and_one_document_has_no_interval():
    assert compression_ratio(sample(["", ""])) is None
    assert compression_ratio(sample(["one text"]))[1:] == (None, None)
    assert compression_ratio(sample(["one text"])).value == pytest.approx(17 / 8)

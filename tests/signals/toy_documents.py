"""Documents of a dozen words, for training that takes a second."""

import numpy as np

from wellspring.signals.lm.training_text import CorpusDocument

WORDS = ["cat", "sat", "mat", "while", "rain", "fell", "over", "old", "roofs", "and", "birds", "sang"]


def toy_documents(count: int, register: str = "toy", words: int = 80) -> list[CorpusDocument]:
    generator = np.random.default_rng(0)
    return [
        CorpusDocument(register, f"{register}/{i // 2}#{i % 2}", " ".join(generator.choice(WORDS, words)))
        for i in range(count)
    ]

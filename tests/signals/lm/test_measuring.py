import numpy as np
import pytest

from tests.documents import document
from wellspring.signals.lm.measuring import measure_documents
from wellspring.signals.lm.tokenization import Tokenizer, load_tokenizer


class PanicException(BaseException):
    """As the library's Rust raises it: not an Exception."""


@pytest.fixture
def tokenizer(tiny_scorer):
    return load_tokenizer(tiny_scorer)


def failing_on(text: str, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    true = Tokenizer.encode_batch

    def encode_batch(self: Tokenizer, texts: list[str]) -> list[np.ndarray]:
        if text in texts:
            raise error
        return true(self, texts)

    monkeypatch.setattr(Tokenizer, "encode_batch", encode_batch)


@pytest.mark.parametrize("error", [ValueError("a\nlong " + "x" * 1000), PanicException("unwrap")])
def test_a_text_that_the_tokenizer_fails_on_is_a_reject_and_touches_no_other(error, tokenizer, monkeypatch):
    documents = [document(f"d{i}", text=f"The text with the number {i}.") for i in range(20)]
    expected = measure_documents(documents, tokenizer)
    failing_on(documents[7].text, error, monkeypatch)
    measured = measure_documents(documents, tokenizer)
    assert measured[:7] + measured[8:] == expected[:7] + expected[8:]
    reject = measured[7]
    assert (reject.reason, reject.id, reject.kind) == ("untokenizable", "d7", "record")
    assert reject.detail.startswith(f"{type(error).__name__}: ")
    assert len(reject.detail) < 300
    assert "\n" not in reject.detail


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_a_wish_to_end_is_no_fault_of_the_text(error, tokenizer, monkeypatch):
    failing_on("The text of a.", error(), monkeypatch)
    with pytest.raises(error):
        measure_documents([document("a"), document("b")], tokenizer)

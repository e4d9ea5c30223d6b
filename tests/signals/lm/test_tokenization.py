"""Token ids: the same as the library's, whatever the text holds."""

import time
from pathlib import Path

import numpy as np
import pytest
import tokenizers

from tests.signals.tiny_models import write_model
from wellspring.signals.lm import tokenization
from wellspring.signals.lm.model_folder import ModelError
from wellspring.signals.lm.tokenization import load_tokenizer, valid_unicode

EMBEDDED = Path(tokenization.__file__).parents[1] / "reference_en" / "tokenizer.json"


def test_ids_are_those_of_the_library_and_decode_back() -> None:
    texts = ["The house is old.", "", "naïve café – 漢字 🙂", "a b"]
    tokenizer = load_tokenizer("reference-en")
    plain = tokenizers.Tokenizer.from_file(str(EMBEDDED))
    ids = tokenizer.encode_batch(texts)
    assert [row.tolist() for row in ids] == [plain.encode(text).ids for text in texts]
    assert all(row.dtype == np.int32 for row in ids)
    assert tokenizer.decode_batch(ids) == texts
    assert tokenizer.bos_id == 0
    assert tokenizer.vocab_size == plain.get_vocab_size()


@pytest.mark.parametrize("name", ["reference-en", "byte by byte"])
def test_token_ends_are_where_the_tokens_of_the_ids_end(name: str, tmp_path: Path) -> None:
    tokenizer = load_tokenizer(str(write_model(tmp_path, "gpt2")) if name != "reference-en" else name)
    for text in ["The house is old.", "naïve café – 漢字 🙂 end", "", "word " * 60_000]:
        (ids,) = tokenizer.encode_batch([text])
        ends = tokenizer.token_ends(text)
        assert len(ends) == len(ids)
        spans = [text[a:b] for a, b in zip([0, *ends.tolist()], ends.tolist(), strict=False)]
        assert "".join(spans) == text[: ends[-1] if len(ends) else 0]
        assert text[ends[-1] if len(ends) else 0 :].strip() == ""
        assert "".join(tokenizer.decode_batch([ids])[0].split()) == "".join("".join(spans).split())


def test_white_space_is_folded_by_the_embedded_tokenizer() -> None:
    one, other, blank = load_tokenizer("reference-en").encode_batch(
        ["Two words.", " Two\r\n\t words. ", " \n"]
    )
    assert one.tolist() == other.tolist()
    assert len(blank) == 0


def test_a_page_cannot_write_special_tokens() -> None:
    tokenizer = load_tokenizer("reference-en")
    (ids,) = tokenizer.encode_batch(["end<|endoftext|>begin"])
    assert tokenizer.bos_id not in ids
    assert tokenizer.decode_batch([ids]) == ["end<|endoftext|>begin"]


def test_invalid_unicode_is_replaced_and_harms_no_other() -> None:
    tokenizer = load_tokenizer("reference-en")
    good, bad, pair = tokenizer.encode_batch(["fine", "a\ud800b", "\ud83d\ude42"])
    assert tokenizer.decode_batch([good, bad, pair]) == ["fine", "a\ufffdb", "🙂"]
    assert valid_unicode("plain") == "plain"


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["word ", "a", "漢"])
def test_long_texts_take_time_in_proportion(unit: str) -> None:
    tokenizer = load_tokenizer("reference-en")

    def seconds(characters: int) -> float:
        text = unit * (characters // len(unit))
        began = time.process_time()
        (ids,) = tokenizer.encode_batch([text])
        taken = time.process_time() - began
        assert tokenizer.decode_batch([ids])[0].replace(" ", "") == text.replace(" ", "")
        return taken

    seconds(10_000)
    # quadratic time would be 64 times as long
    assert seconds(1_200_000) < 20 * max(seconds(150_000), 0.01)


def test_bos_falls_back_to_nothing_only_without_eos(tmp_path: Path) -> None:
    folder = write_model(tmp_path, "gpt2", bos=None)
    assert load_tokenizer(str(folder)).bos_id is None
    (folder / "tokenizer_config.json").write_text('{"eos_token": {"content": "<|endoftext|>"}}')
    assert load_tokenizer(str(folder)).bos_id == 0


def test_a_tokenizer_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match=r"tokenizer\.json can't be read"):
        load_tokenizer(str(tmp_path))

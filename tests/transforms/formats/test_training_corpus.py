"""Text for training, out of every file that the other jobs read."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from wellspring.signals.lm.training_text import CorpusDocument
from wellspring.transforms.formats.training_corpus import read_corpus


def test_corpus_is_read_with_white_space_folded(tmp_path: Path) -> None:
    row = {"id": "a", "text": " two\n\n words\t"}
    line = json.dumps(row).encode() + b"\r\n"
    (tmp_path / "news.jsonl.gz").write_bytes(gzip.compress(line))
    (tmp_path / "forum.jsonl.zst").write_bytes(zstandard.compress(b"\xef\xbb\xbf" + line))
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "books.parquet")
    paths = sorted(map(str, tmp_path.iterdir()))
    expected = [CorpusDocument(register, "a", "two words") for register in ("books", "forum", "news")]
    assert read_corpus(paths) == expected


def test_labels_choose_and_empty_texts_are_passed_over(tmp_path: Path) -> None:
    rows = [{"text": "a person's", "label": "human"}, {"text": "a model's", "label": "synthetic"}]
    (tmp_path / "a.jsonl").write_text(
        "\n".join(map(json.dumps, [*rows, {"text": "anybody's"}, {"text": ""}]))
    )
    assert [d.text for d in read_corpus([str(tmp_path / "a.jsonl")], "human")] == ["a person's", "anybody's"]


def test_what_has_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "torn.jsonl.gz").write_bytes(gzip.compress(b'{"id": "a"}\n'))
    with pytest.raises(ValueError, match=r"torn\.jsonl\.gz, line 1: no_text"):
        read_corpus([str(tmp_path / "torn.jsonl.gz")])

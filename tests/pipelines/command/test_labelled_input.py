"""Labelled files in every form that `score` takes, and what is refused."""

import bz2
import gzip
import io
import json
import lzma

import lz4.frame
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from wellspring.pipelines.command.labelled_input import read_labelled
from wellspring.transforms.formats.own_texts import read_own_texts

ROWS = [
    {"id": "a-human", "text": "Words of a person.", "label": "human", "source": "set/one"},
    {
        "id": "a-gpt",
        "text": "Words of a model.",
        "label": "synthetic",
        "generator": "gpt",
        "source": "set/two",
    },
]


def lines(*rows: dict[str, object], end: str = "\n") -> bytes:
    return "".join(json.dumps(row) + end for row in rows).encode()


def parquet(rows: list[dict[str, object]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


def without(name: str) -> list[dict[str, object]]:
    return [{key: value for key, value in row.items() if key != name} for row in ROWS]


def each(**values: object) -> list[dict[str, object]]:
    """Both rows with other values; numbers and texts differ from row to row."""
    changed = []
    for number, row in enumerate(ROWS):
        own = {
            key: f"{v} {number}" if key == "text" else v + number if v == 7 else v
            for key, v in values.items()
        }
        changed.append({**row, **own})
    return changed


@pytest.mark.parametrize(
    "content",
    [
        lines(*ROWS),
        lines(*ROWS)[:-1],
        b"\xef\xbb\xbf" + lines(*ROWS, end="\r\n\r\n"),
        *(pack(lines(*ROWS)) for pack in (gzip.compress, zstandard.compress, bz2.compress, lzma.compress)),
        lz4.frame.compress(lines(*ROWS)),
        parquet(ROWS),
        parquet(each(id=7)),
        *(lines(*rows) for rows in (each(id=7), each(id=None), each(id=""), without("id"))),
        *(lines(*rows) for rows in (without("source"), each(source=None), each(score=float("nan")))),
        lines(*each(metadata={"label": "other"}, x=[float("inf")])),
        lines(*each(text="a\x0cb and more words")),
    ],
)
def test_what_score_reads_is_read_with_the_same_ids_and_texts(content, tmp_path):
    path = tmp_path / "texts.x.jsonl"
    path.write_bytes(content)
    scored = list(read_own_texts([str(path)]))
    labelled = read_labelled([str(path)], "--labelled")
    assert [(each.id, each.text, each.source) for each in labelled] == [
        (d.id, d.text, d.source) for d in scored
    ]
    assert [each.synthetic for each in labelled] == [False, True]
    assert labelled[0].source in ("set/one", "texts")


def test_a_text_that_stands_twice_counts_once_and_is_said(tmp_path, capsys):
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    first.write_bytes(lines(*ROWS, ROWS[0]))
    second.write_bytes(lines(ROWS[1]))
    assert len(read_labelled([str(first), str(second)], "--labelled")) == 2
    assert "2 texts occur again and count once" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no labelled text"),
        (lines({"id": "1", "text": "a", "label": "machine"}), "line 1: .*machine"),
        (lines({"id": "1", "label": "human"}), "line 1: no_text: text is missing"),
        (lines({"id": "1", "label": "human", "text": " "}), "line 1: empty"),
        (lines(ROWS[0], {**ROWS[0], "text": "other"}), "line 2: .*twice"),
        (lines(ROWS[0], {**ROWS[0], "label": "synthetic"}), "line 2: .*twice"),
        (b'{"text": "a", "label": "human", "label": "synthetic"}', "line 1: .*'label' stands twice"),
        (b"\x1f\x8bnot gzip", "texts.jsonl: unsupported_format"),
        (gzip.compress(lines(*ROWS))[:-9], "texts.jsonl: truncated"),
        (b'{"id": "1"', "line 1"),
        (json.dumps(ROWS).encode(), "texts.jsonl: .*JSON array"),
        (lines(*ROWS).decode().encode("utf-16"), "texts.jsonl: .*UTF-16"),
        (parquet([{"content": "a"}]), "no column text.*content"),
    ],
)
def test_what_is_no_labelled_text_is_named_in_one_line(content, message, tmp_path):
    path = tmp_path / "texts.jsonl"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as raised:
        read_labelled([str(path)], "--labelled")
    assert "\n" not in str(raised.value)


def test_a_file_that_can_not_be_read(tmp_path):
    with pytest.raises(ValueError, match=r"none\.jsonl: unreadable: FileNotFoundError"):
        read_labelled([str(tmp_path / "none.jsonl")], "--labelled")

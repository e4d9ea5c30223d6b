"""Patterns, path lists and sizes."""

import bz2
import gzip
import lzma
from pathlib import Path

import pytest
import zstandard

from wellspring.transforms.storage.find_files import bytes_of, expand, expand_all, is_path_list, same_file_key


def test_expand_sorts_and_takes_brackets_literally(tmp_path: Path) -> None:
    for name in ("b.warc", "a.warc", "c[1].warc", "d.txt"):
        (tmp_path / name).touch()
    assert [Path(p).name for p in expand(f"{tmp_path}/*.warc")] == ["a.warc", "b.warc", "c[1].warc"]
    assert expand(f"{tmp_path}/c[1].warc") == [f"{tmp_path}/c[1].warc"]


@pytest.mark.parametrize("name", ["nothing*.warc", "missing.warc", ""])
def test_a_pattern_without_files_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError, match=str(tmp_path)):
        expand(f"{tmp_path}/{name}")


@pytest.mark.parametrize("name", ["wet.paths", "wet.paths.gz", "list.paths.txt"])
def test_a_path_list_is_read_with_its_prefix(tmp_path: Path, name: str) -> None:
    lines = b"crawl/a.warc.wet.gz\r\n\n# note\ns3://other/b.gz\n/abs/c.gz\ncrawl/last.gz"
    path = tmp_path / name
    path.write_bytes(gzip.compress(lines) if name.endswith(".gz") else lines)
    assert is_path_list(str(path))
    found = list(expand_all([str(path)], "https://data.example.org/"))
    assert found == [
        "https://data.example.org/crawl/a.warc.wet.gz", "s3://other/b.gz", "/abs/c.gz",
        "https://data.example.org/crawl/last.gz",
    ]  # fmt: skip
    assert next(expand_all([str(path)])) == "crawl/a.warc.wet.gz"


def test_a_cut_path_list_does_not_pass_for_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "wet.paths.gz"
    path.write_bytes(gzip.compress(b"a\nb\n")[:-4])
    with pytest.raises(ValueError, match=r"wet\.paths\.gz"):
        list(expand_all([str(path)]))


def test_input_bytes_counts_each_file_once(tmp_path: Path) -> None:
    (tmp_path / "a.warc").write_bytes(b"x" * 10)
    (tmp_path / "b.warc").write_bytes(b"x" * 32)
    (tmp_path / "l.paths").write_text("a.warc\nmissing.warc\n")
    patterns = [f"{tmp_path}/*.warc", f"{tmp_path}/./a.warc", f"{tmp_path}/l.paths"]
    assert bytes_of(expand_all(patterns, str(tmp_path))) == 42
    assert bytes_of(expand_all([f"{tmp_path}/l.paths"], "https://data.example.org")) is None


def test_spellings_of_one_local_path_are_one_file(tmp_path: Path) -> None:
    assert same_file_key(f"{tmp_path}/x/../a") == same_file_key(f"{tmp_path}//a")
    assert same_file_key("gs://b/x/../a") != same_file_key("gs://b/a")


@pytest.mark.parametrize(
    ("name", "encode"),
    [("a.paths", bytes), ("a.paths.gz", gzip.compress), ("a.paths.zst", zstandard.compress),
     ("a.paths.txt.xz", lzma.compress), ("a.paths.bz2", bz2.compress)],
)  # fmt: skip
def test_a_path_list_in_any_compression_and_from_windows(name, encode, tmp_path: Path):
    for file in ("one.jsonl", "two.jsonl"):
        (tmp_path / file).touch()
    (tmp_path / name).write_bytes(encode(b"\xef\xbb\xbfone.jsonl\r\n# a note\r\n\r\ntwo.jsonl\r\n"))
    expected = [str(tmp_path / "one.jsonl"), str(tmp_path / "two.jsonl")]
    assert list(expand_all([str(tmp_path / name)], str(tmp_path))) == expected


def test_a_path_list_in_utf_16_is_said(tmp_path: Path):
    (tmp_path / "a.paths").write_bytes("one.jsonl\n".encode("utf-16"))
    with pytest.raises(ValueError, match="UTF-16: write it as UTF-8"):
        list(expand_all([str(tmp_path / "a.paths")]))

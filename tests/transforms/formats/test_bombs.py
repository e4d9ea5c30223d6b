"""Records that are small as stored and huge when undone: rejected within bounds of memory and time."""

import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
import zstandard

from tests.transforms.formats.archives import conversion, members, response

pytestmark = pytest.mark.slow

MB = 1 << 20
GB = 1 << 30
MOST_GROWTH = 128 * MB
"""Of a process that has read a small file already: a record's limit is 8 MiB, in a few forms at once."""
MOST_SECONDS = 120

# In a process of its own, whose peak memory is the kernel's word.
READ = """
import json, resource, sys
from wellspring.transforms.formats.read_file import read_file

def read(path):
    with open(path, "rb") as stream:
        return [getattr(outcome, "reason", "document") for outcome in read_file(stream, path)]

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

read(sys.argv[1])
before = peak()
print(json.dumps([read(sys.argv[2]), peak() - before]))
"""


def outcomes_within_bounds(path: Path) -> list[str]:
    small = path.parent / "small.warc.gz"
    small.write_bytes(members(conversion(1)))
    done = subprocess.run(
        [sys.executable, "-c", READ, str(small), str(path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=MOST_SECONDS,
        cwd=Path(__file__).parents[3],
    )
    found, growth = json.loads(done.stdout)
    assert growth < MOST_GROWTH
    return found


def gzip_of(head: bytes, zeros: int, tail: bytes) -> bytes:
    """One gzip member of `head`, so many zero bytes and `tail`; a piece is compressed once and repeated."""
    piece = 16 * MB
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)

    def flushed(data: bytes) -> bytes:  # a full flush forgets what was before: the bytes can be repeated
        return deflate.compress(data) + deflate.flush(zlib.Z_FULL_FLUSH)

    body = flushed(head) + flushed(bytes(piece)) * (zeros // piece) + flushed(tail)
    body += deflate.flush(zlib.Z_FINISH)
    crc = zlib.crc32(head)
    block = bytes(piece)
    for _ in range(zeros // piece):
        crc = zlib.crc32(block, crc)
    length = len(head) + zeros // piece * piece + len(tail)
    trailer = struct.pack("<II", zlib.crc32(tail, crc), length % 2**32)
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + body + trailer


def test_ten_gigabytes_of_zeros_in_one_archive_record(tmp_path: Path) -> None:
    head = b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: %d\r\n\r\n" % (10 * GB)
    path = tmp_path / "bomb.warc.wet.gz"
    path.write_bytes(gzip_of(head, 10 * GB, b"\r\n\r\n") + members(conversion(2)))
    assert path.stat().st_size < 16 * MB
    assert outcomes_within_bounds(path) == ["too_large", "document"]


@pytest.mark.parametrize("compression", ["gzip", "zstandard"])
def test_gigabytes_of_zeros_in_one_line(compression: str, tmp_path: Path) -> None:
    good = json.dumps({"text": "A line that is long enough to be kept as the text of a document."}).encode()
    path = tmp_path / "bomb.jsonl.gz"
    if compression == "gzip":
        path.write_bytes(gzip_of(b'{"text": "', GB, b'"}\n' + good + b"\n"))
    else:
        packer = zstandard.ZstdCompressor(level=1).compressobj()
        pieces = [packer.compress(bytes(16 * MB)) for _ in range(GB // (16 * MB))]
        path.write_bytes(b"".join([*pieces, packer.compress(b"\n" + good + b"\n"), packer.flush()]))
    assert path.stat().st_size < 4 * MB
    assert outcomes_within_bounds(path) == ["too_large", "document"]


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_page_that_unpacks_to_a_gigabyte(encoding: str, tmp_path: Path) -> None:
    body = (
        gzip_of(b"<p>", GB, b"")
        if encoding == "gzip"
        else zstandard.ZstdCompressor(level=1).compress(bytes(GB // 4))
    )
    page = response(body, "Content-Type: text/html", f"Content-Encoding: {encoding}")
    path = tmp_path / "bomb.warc.gz"
    path.write_bytes(members(page, conversion(2)))
    assert outcomes_within_bounds(path) == ["too_large", "document"]


@pytest.mark.parametrize("tag", ["<div>", "<ul><li>", "<b><p>", "<table><tr><td>", "<svg>", "<tEmplate>"])
def test_a_page_nested_a_hundred_thousand_deep(tag: str, tmp_path: Path) -> None:
    page = "<html><body>" + tag * 100_000 + "The text of the page, that is long enough to be kept. " * 9
    path = tmp_path / "nested.warc.gz"
    path.write_bytes(members(response(page.encode(), "Content-Type: text/html"), conversion(2)))
    first, second = outcomes_within_bounds(path)
    assert first == ("document" if tag == "<b><p>" else "too_large")  # a paragraph ends the one before it
    assert second == "document"

"""Every compression: several streams in one file, frames to skip, large windows, cuts, corruption, bombs."""

import bz2
import gzip
import io
import json
import lzma
import struct
import tracemalloc
from collections.abc import Callable
from typing import BinaryIO, cast

import lz4.frame
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from tests.transforms.formats.archives import (
    TEXT,
    conversion,
    documents,
    file_rejects,
    outcomes,
    record_rejects,
)
from wellspring.transforms.formats.compression import compression_of, unpacked
from wellspring.transforms.formats.read_file import read_file

Encode = Callable[[bytes], bytes]


def with_checksum(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True, write_content_size=False).compress(data)


def lz4_checked(data: bytes) -> bytes:
    return lz4.frame.compress(data, content_checksum=True, block_checksum=True, store_size=False)


def lzma_alone(data: bytes) -> bytes:
    return lzma.compress(data, lzma.FORMAT_ALONE)


COMPRESSIONS: dict[str, Encode] = {
    "gz": gzip.compress, "zst": zstandard.compress, "zst with a checksum": with_checksum,
    "lz4": lz4.frame.compress, "lz4 with checksums": lz4_checked,
    "bz2": bz2.compress, "xz": lzma.compress, "lzma": lzma_alone,
}  # fmt: skip
CONCATENATED = [name for name in COMPRESSIONS if name != "lzma"]


def line(number: int) -> bytes:
    return json.dumps({"id": f"d{number}", "text": TEXT.format(number)}).encode() + b"\n"


def lines(count: int) -> bytes:
    return b"".join(map(line, range(count)))


def skippable(size: int = 4, kind: int = 0) -> bytes:
    return bytes([0x50 + kind]) + b"\x2a\x4d\x18" + struct.pack("<I", size) + bytes(size)


def ids(data: bytes, name: str = "a.jsonl") -> list[str]:
    return [document.id for document in documents(outcomes(data, name))]


@pytest.mark.parametrize("kind", COMPRESSIONS)
@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a", "a.warc.gz"])
def test_it_is_told_by_its_bytes_and_not_by_its_name(kind: str, name: str) -> None:
    data = COMPRESSIONS[kind](lines(200))
    found = outcomes(data, name)
    assert [(d.id, d.offset) for d in documents(found)] == [(f"d{n}", n) for n in range(200)]
    assert len(found) == 200


@pytest.mark.parametrize("kind", CONCATENATED)
def test_streams_one_after_the_other(kind: str) -> None:
    encode = COMPRESSIONS[kind]
    whole = lines(5)
    assert ids(encode(whole[:99]) + encode(b"") + encode(whole[99:])) == ["d0", "d1", "d2", "d3", "d4"]
    if kind in ("gz", "bz2", "xz"):
        padded = encode(line(0)) + bytes(8) + encode(line(1)) + bytes(1 << 19)
        found = outcomes(padded, "a.jsonl")
        assert ids(padded) == ["d0", "d1"] and not file_rejects(found)


@pytest.mark.parametrize("encode", [zstandard.compress, lz4.frame.compress])
@pytest.mark.parametrize("name", ["a.jsonl.zst", "a"])
def test_frames_to_skip_wherever_they_stand(encode: Encode, name: str) -> None:
    data = (
        skippable()
        + skippable(0, 15)
        + encode(line(0))
        + skippable(300_000, 3)
        + encode(line(1))
        + skippable(9)
    )
    found = outcomes(data, name)
    assert [d.id for d in documents(found)] == ["d0", "d1"]
    assert len(found) == 2
    (cut,) = file_rejects(outcomes(data[:-1], name))
    assert cut.reason == "truncated"
    assert ids(skippable(200_000) + zstandard.compress(line(7))) == ["d7"]


@pytest.mark.parametrize("log", [27, 28, 31])
def test_large_windows(log: int) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=log, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    data = (
        packer.compress(lines(3)) + packer.flush()
    )  # of unknown size: the window is what the reader must allow
    assert ids(data) == ["d0", "d1", "d2"]


@pytest.mark.parametrize("packed_dictionary", [False, True])
def test_a_dictionary_in_the_first_frame_as_web_archives_have_it(packed_dictionary: bool) -> None:
    samples = [line(n) * 3 for n in range(400)]
    dictionary = zstandard.train_dictionary(4096, samples)
    content = dictionary.as_bytes()
    content = zstandard.compress(content) if packed_dictionary else content
    packer = zstandard.ZstdCompressor(dict_data=dictionary)
    first = b"\x5d\x2a\x4d\x18" + struct.pack("<I", len(content)) + content
    data = first + b"".join(packer.compress(conversion(n)) for n in range(3))
    found = outcomes(data, "a.warc.zst")
    assert [d.text for d in documents(found)] == [TEXT.format(n) for n in range(3)]
    assert len(found) == 3
    (reject,) = outcomes(data[len(first) :], "a.jsonl.zst")  # the dictionary is lost
    assert (reject.kind, reject.reason) == ("file", "corrupt")


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_a_cut_keeps_what_was_before_it_and_is_said(kind: str) -> None:
    data = COMPRESSIONS[kind](lines(3))
    for cut in range(20, len(data)):
        found = outcomes(data[:cut], "a.jsonl")
        assert [d.id for d in documents(found)] == ["d0", "d1", "d2"][: len(documents(found))], cut
        assert [r.reason for r in file_rejects(found)] == ["truncated"], cut
        assert not [r for r in record_rejects(found) if r.reason == "malformed"], cut
    if kind in CONCATENATED:
        found = outcomes(data + data[: len(data) // 2], "a.jsonl")
        assert [d.id for d in documents(found)][:3] == ["d0", "d1", "d2"]
        assert [r.reason for r in file_rejects(found)] == ["truncated"]


@pytest.mark.parametrize("kind", CONCATENATED)
def test_corruption_keeps_the_streams_before_it_and_is_said(kind: str) -> None:
    good, bad = COMPRESSIONS[kind](lines(50)), bytearray(COMPRESSIONS[kind](lines(50)))
    bad[len(bad) // 2 : len(bad) // 2 + 8] = b"\xff" * 8
    for tail in (bytes(bad), b"no stream at all"):
        found = outcomes(good + tail, "a.jsonl")
        assert [d.id for d in documents(found)][:50] == [f"d{n}" for n in range(50)]
        assert [r.reason for r in file_rejects(found)] == ["corrupt"]


@pytest.mark.parametrize("kind", ["zst", "lz4", "bz2", "xz", "lzma"])
def test_archives_in_every_compression(kind: str) -> None:
    data = COMPRESSIONS[kind](b"".join(map(conversion, range(3))))
    found = outcomes(data, "a.warc.wet.gz")
    assert [d.text for d in documents(found)] == [TEXT.format(n) for n in range(3)]
    assert len(found) == 3
    cut = outcomes(data[:-9], "a.warc.wet")
    assert [r.reason for r in file_rejects(cut)] == ["truncated"]


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_compressed_parquet_is_read(kind: str) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": [TEXT.format(n) for n in range(9)]}), sink)
    data = COMPRESSIONS[kind](sink.getvalue())
    assert len(documents(outcomes(data, "a.parquet.x"))) == 9
    (reject,) = outcomes(data[:-9], "a.parquet")
    assert (reject.kind, reject.reason) == ("file", "truncated")


def test_what_is_compressed_twice_is_said() -> None:
    (reject,) = outcomes(bz2.compress(gzip.compress(lines(3))), "a.jsonl.gz")
    assert (reject.kind, reject.reason) == ("file", "unsupported_format")
    assert "gzip within bzip2" in reject.detail


class OneWay(io.BytesIO):
    """As from a server that takes no ranges; gives little at a time."""

    def seekable(self) -> bool:
        return False

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 1000) if size and size > 0 else -1)


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_a_stream_that_cannot_go_back(kind: str) -> None:
    data = COMPRESSIONS[kind](lines(2000))
    found = list(read_file(cast(BinaryIO, OneWay(data)), "a"))
    assert [d.id for d in documents(found)] == [f"d{n}" for n in range(2000)]


@pytest.mark.parametrize("kind", ["zst", "lz4", "bz2", "xz", "lzma", "gz"])
@pytest.mark.slow
def test_memory_does_not_grow_with_what_is_unpacked(kind: str) -> None:
    data = COMPRESSIONS[kind](bytes(40 << 20))
    tracemalloc.start()
    try:
        size = sum(len(piece) for piece in unpacked(io.BytesIO(data)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size == 40 << 20
    assert peak < 24 << 20


def test_text_is_no_compression() -> None:
    for head in (b"", b"{", b"BZh9 is not bzip2", b"]\x00", b"\x50\x2a", b"\x28\xb5\x2f"):
        assert compression_of(head) is None
    assert b"".join(unpacked(io.BytesIO(b"plain"))) == b"plain"

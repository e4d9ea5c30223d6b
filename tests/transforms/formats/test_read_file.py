"""Whole files: formats by name and content, the public archives of other projects."""

import signal
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from tests.conftest import SHARED_DATA
from tests.transforms.formats.archives import conversion, documents, file_rejects, outcomes
from wellspring.transforms.formats.detect import format_by_name
from wellspring.transforms.formats.read_file import read_file

ARC = (
    b"filedesc://x.arc 0.0.0.0 20080430204825 text/plain 74\n1 0 Heritrix\n"
    b"URL IP-address Archive-date Content-type Archive-length\n\n\n\n\n\n\n"
    b"http://example.org/ 1.2.3.4 20080430204826 text/html %d\n%s\n"
)
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body><p>" + b"Some words of a page. " * 9


def files(*folders: str) -> list[Path]:
    return [p for folder in folders for p in sorted((SHARED_DATA / "web" / folder).glob("*"))]


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Fails a test that hangs in Python; native code is let out of first."""

    def stop(_number: int, _frame: types.FrameType | None) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a.warc.wet.gz", "warc"), ("a.warc.txt", "warc"), ("a.warc.gz.open", "warc"), ("a.warc.lz4", "warc"),
     ("a.warc.wat.gz", "warc"), ("a.wet", "warc"), ("a.arc.gz", "arc"), ("a.jsonl.zst", "jsonl"),
     ("a.json.gz", "jsonl"), ("x/a.jsonl/b.parquet", "parquet"), ("a.warc.parquet", "parquet"),
     ("https://h/a.warc.gz?x=.parquet", "warc"), ("a.txt", None), ("search.html", None), ("a.warcx", None)],
)  # fmt: skip
def test_format_by_name(path: str, expected: str | None) -> None:
    assert format_by_name(path) == expected


def test_a_file_that_nothing_tells_is_a_file_reject() -> None:
    (reject,) = outcomes(b"%PDF-1.4", "a.bin")
    assert (reject.kind, reject.reason) == ("file", "unknown_format")
    assert len(documents(outcomes(conversion(1), "a.bin"))) == 1
    assert len(documents(outcomes(ARC % (len(PAGE), PAGE), "a.bin"))) == 1


def test_arc_fields_and_cut() -> None:
    data = ARC % (len(PAGE), PAGE)
    (document,) = documents(outcomes(data, "a.arc"))
    assert document.url == "http://example.org/"
    assert document.date == "2008-04-30T20:48:26Z"
    assert "Some words" in document.text
    cut = outcomes(data[:-20], "a.arc")
    assert [o.reason for o in cut] == ["damaged", "truncated"]
    assert [r.kind for r in cut] == ["record", "file"]


# Where warcio stops before the end ("non-chunked gzip", lz4) or counts otherwise; the counts are those of the
# data's own README. `upper-lower-case` has `warc/1.0` and
# `CONTENT-LENGTH`, which FastWARC does not know: three of its records are lost, and the file reject says so.
WARCIO_STOPS = {
    "cc_net__sample.warc.txt": 2,
    "chatnoir-resiliparse__warcfile.warc.lz4": 16,
    "gowarc__good.warc.gz.open": 50,
    "warc__test.warc.gz": 10,  # as the same file without compression
    "webarchive-commons__link-extraction-test.warc": 7,
    "webarchive__valid-warcfile-upper-lower-case.warc": 2,
}


@pytest.mark.parametrize("path", files("good", "wet"), ids=lambda p: p.name)
@pytest.mark.slow
def test_good_files_have_as_many_records_as_warcio_counts(path: Path) -> None:
    with at_most(30), path.open("rb") as stream:
        found = list(read_file(stream, str(path)))
    if (expected := WARCIO_STOPS.get(path.name)) is None:
        with path.open("rb") as stream:
            kinds = [r.rec_type for r in ArchiveIterator(stream, no_record_parse=True)]
        expected = sum(kind in ("response", "resource", "conversion") for kind in kinds)
    assert len(found) - len(file_rejects(found)) == expected


@pytest.mark.parametrize("path", files("broken_or_odd", "damaged"), ids=lambda p: p.name)
def test_damaged_files_end_in_documents_and_rejects(path: Path) -> None:
    with at_most(30), path.open("rb") as stream:
        found = list(read_file(stream, str(path)))
    assert len(file_rejects(found)) <= 1
    for document in documents(found):
        document.text.encode()


def test_damaged_wet_files_keep_their_other_records(shared_data: Path) -> None:
    kept = {
        "content_length_missing.warc.wet.gz": 7,
        "content_length_not_a_number.warc.wet.gz": 7,
        "lf_only_line_ends.warc.wet": 8,
        "no_record_id_no_date.warc.wet.gz": 8,
        "nul_and_control_bytes.warc.wet.gz": 8,
        "single_gzip_member.warc.wet.gz": 8,
    }
    for name, count in kept.items():
        with (shared_data / "web" / "damaged" / name).open("rb") as stream:
            assert len(documents(list(read_file(stream, name)))) == count, name


def test_a_wrong_length_in_an_arc_file_is_said() -> None:
    """The head's, so long that it takes a record with it; and a record's, too short. A head's that is too
    short hides nothing."""
    data = ARC % (len(PAGE), PAGE)
    record = b"http://example.org/2 1.2.3.4 20080430204826 text/html %d\n%s\n"
    two = data + record % (len(PAGE), PAGE)
    assert [getattr(outcome, "reason", "") for outcome in outcomes(two, "a.arc")] == ["", ""]
    for wrong, read in ((b" 75\n", 0), (b" 300\n", 1), (b" 500\n", 0), (b" 99999\n", 0)):
        found = outcomes(two.replace(b" 74\n", wrong, 1), "a.arc")
        assert [reject.reason for reject in file_rejects(found)] == ["corrupt"], wrong
        assert len(documents(found)) == read, wrong
    for harmless in (b" 30\n", b" -5\n", b" x\n"):
        assert len(documents(outcomes(two.replace(b" 74\n", harmless, 1), "a.arc"))) == 2, harmless
    found = outcomes(data + record % (len(PAGE) - 30, PAGE) + record % (len(PAGE), PAGE), "a.arc")
    assert [reject.reason for reject in file_rejects(found)] == ["corrupt"]
    assert len(documents(found)) == 3

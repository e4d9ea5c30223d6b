"""Opening: patterns, path lists, sizes, and a web server that fails."""

import bz2
import contextlib
import gzip
import http.server
import lzma
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from transforms import open_files
from transforms.open_files import (
    expand,
    expand_all,
    input_bytes,
    is_path_list,
    is_permanent,
    open_binary,
    same_file_key,
)

CONTENT = bytes(range(256)) * 40_000  # more than two blocks of a ranged read


class FlakyServer(http.server.ThreadingHTTPServer):
    """Serves CONTENT; `failures` answers are taken first: a status, or "cut" for half of the body."""

    def __init__(self, *, ranges: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.failures: list[int | str] = []
        self.head_failures: list[int] = []
        self.ranges = ranges
        self.requests = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/data.bin"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: FlakyServer

    def do_HEAD(self) -> None:
        if self.server.head_failures:
            self.send_error(self.server.head_failures.pop(0))
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        if self.server.ranges:
            self.send_header("Accept-Ranges", "bytes")
        self.end_headers()

    def do_GET(self) -> None:
        self.server.requests += 1
        failure = self.server.failures.pop(0) if self.server.failures else None
        if isinstance(failure, int):
            self.send_error(failure)
            return
        body, asked = CONTENT, self.headers.get("Range")
        if asked and self.server.ranges:
            first, last = asked.removeprefix("bytes=").split("-")
            body = CONTENT[int(first) : int(last) + 1 if last else None]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{int(first) + len(body) - 1}/{len(CONTENT)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # a client that only asked for the size is gone
            self.wfile.write(body[: len(body) // 2] if failure == "cut" else body)
        self.close_connection = True

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(params=[True, False], ids=["ranges", "no-ranges"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlakyServer]:
    monkeypatch.setattr(open_files, "FIRST_WAIT_SECONDS", 0.01)
    server = FlakyServer(ranges=request.param)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("failures", [[], [503], [503, 429, 500], ["cut"], ["cut", 503, "cut"]])
def test_http_goes_on_where_it_failed(server: FlakyServer, failures: list[int | str]) -> None:
    server.failures = list(failures)
    with open_binary(server.url) as stream:
        assert stream.read() == CONTENT
    assert server.failures == []


def test_http_that_fails_to_tell_the_size_is_asked_again(server: FlakyServer) -> None:
    server.head_failures, server.failures = [503], [503]
    with open_binary(server.url) as stream:
        assert stream.read() == CONTENT


def test_http_that_never_works_raises_and_may_be_tried_again(server: FlakyServer) -> None:
    server.failures = [503] * 99
    with pytest.raises(Exception, match="503") as raised, open_binary(server.url) as stream:
        stream.read()
    assert not is_permanent(raised.value)
    assert server.requests <= open_files.HTTP_ATTEMPTS + 1


@pytest.mark.parametrize("status", [403, 404, 410])
def test_http_that_says_no_is_permanent_and_asked_once(server: FlakyServer, status: int) -> None:
    server.failures = [status] * 9
    with pytest.raises(Exception, match=r".") as raised, open_binary(server.url) as stream:
        stream.read()
    assert is_permanent(raised.value)
    assert server.requests <= 2


def test_http_without_ranges_does_not_seek(server: FlakyServer) -> None:
    with open_binary(server.url) as stream:
        assert stream.seekable() == server.ranges
        if server.ranges:
            stream.seek(1000)
            assert stream.read(10) == CONTENT[1000:1010]


def test_local_files_are_opened_as_stored(tmp_path: Path) -> None:
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"text"))
    with open_binary(str(path)) as stream:
        assert stream.read() == path.read_bytes()


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
    assert input_bytes(patterns, str(tmp_path)) == 42
    assert input_bytes([f"{tmp_path}/l.paths"], "https://data.example.org") is None


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

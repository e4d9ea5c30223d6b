"""Opening: patterns, path lists, sizes, and a web server that fails."""

import contextlib
import gzip
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from wellspring.transforms.storage import open_files
from wellspring.transforms.storage.open_files import is_permanent, open_binary

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

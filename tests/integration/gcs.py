"""Cloud Storage without a cloud: an emulator, and in front of it a proxy that makes it behave and misbehave.

`gcp-storage-emulator` stores objects but ignores `ifGenerationMatch`, gives every listing in one page,
knows no range beyond the end, and its 404 says nothing. The proxy enforces preconditions, atomically for
each object, pages and explains as Cloud Storage does, and injects faults on demand. What it can't enforce
it refuses with 501, so that no test can trust it in vain.
"""

import http.client
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from gcp_storage_emulator.server import create_server
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

PAGE_SIZE = 1000
"""Most entries of one page of a listing, as in Cloud Storage."""

_OBJECT = re.compile(r"/b/(?P<bucket>[^/?\s]+)/o/(?P<name>[^/?\s]+)")
_COPY = re.compile(r"/b/[^/?\s]+/o/[^/?\s]+/(?:copyTo|rewriteTo)(?P<destination>/b/[^/?\s]+/o/[^/?\s]+)")
_UPLOAD = re.compile(r"^/(?:upload|resumable/upload)/storage/v1/b/(?P<bucket>[^/]+)/o$")
_LIST = re.compile(r"/b/(?P<bucket>[^/]+)/o$")
_NOT_ENFORCED = ("ifGenerationNotMatch", "ifMetagenerationMatch", "ifMetagenerationNotMatch")
_XML_HEADERS = ("x-goog-if-generation-match", "x-goog-if-metageneration-match")


@dataclass(frozen=True)
class Request:
    """A request as it came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: Message
    body: bytes

    @property
    def kind(self) -> str:
        """`upload` (a resumable one's every request), `copy`, `delete`, `list`, `batch`, `download` (an
        object's bytes), `object` (its metadata) or `other`."""
        if self.path.startswith("/batch/"):
            return "batch"
        if _UPLOAD.search(self.path):
            return "upload"
        if _COPY.search(self.path):
            return "copy"
        if _LIST.search(self.path):
            return "list"
        if _OBJECT.search(self.path):
            if self.method == "DELETE":
                return "delete"
            return "download" if self.query.get("alt") == "media" else "object"
        return "other"

    @property
    def copies(self) -> bool:
        """Whether objects are copied, alone or in a batch, as a rename does."""
        return self.kind == "copy" or (self.kind == "batch" and b"/copyTo/" in self.body)

    @property
    def objects(self) -> list[tuple[str, str]]:
        """(bucket, name) of the objects that it may change or asks for, the written one first."""
        if self.kind == "batch":
            lines = [line for line in self.body.decode("utf-8", "replace").splitlines() if "/o/" in line]
            return [_target(match) for line in lines for match in _OBJECT.finditer(line)]
        if upload := _UPLOAD.search(self.path):
            name = self.query.get("name") or _name_in_body(self)
            return [(unquote(upload["bucket"]), name)] if name else []
        if copy := _COPY.search(self.path):
            source, destination = _OBJECT.search(self.path), _OBJECT.search(copy["destination"])
            assert source and destination
            return [_target(destination), _target(source)]
        found = _OBJECT.search(self.path)
        return [_target(found)] if found else []


def _target(match: re.Match[str]) -> tuple[str, str]:
    return unquote(match["bucket"]), unquote(match["name"])


def _name_in_body(request: Request) -> str:
    """The name in an upload's metadata: the whole body, or the first part of it."""
    text = request.body
    if request.query.get("uploadType") == "multipart":
        text = request.body.split(b"\r\n\r\n", 1)[1].split(b"\r\n--", 1)[0]
    elif request.query.get("uploadType") != "resumable" or "upload_id" in request.query:
        return ""
    return str(json.loads(text or b"{}").get("name", ""))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


def _error(status: int, message: str, reason: str) -> Answer:
    errors = [{"message": message, "domain": "global", "reason": reason}]
    body = {"error": {"code": status, "message": message, "errors": errors}}
    return Answer(status, [("Content-Type", "application/json")], json.dumps(body).encode())


@dataclass(frozen=True)
class Fault:
    """What becomes of a request. At most one of the first four is set.

    status: it is answered so and doesn't reach the store. reset_before: the connection is reset and
    it doesn't reach the store. reset_after: it is done, and the connection reset instead of an answer.
    cut: it is done, and half of the answer arrives. seconds: the answer comes so much later.
    """

    status: int | None = None
    reset_before: bool = False
    reset_after: bool = False
    cut: bool = False
    seconds: float = 0.0


@dataclass
class Injection:
    """A fault for some of the requests that match: `times` of them from the `first` on (from 1)."""

    fault: Fault
    when: Callable[[Request], bool]
    first: int
    times: float
    seen: int = 0
    done: int = 0

    def strikes(self, request: Request) -> bool:
        if not self.when(request):
            return False
        self.seen += 1
        struck = self.first <= self.seen < self.first + self.times
        self.done += struck
        return struck


@dataclass
class _Upload:
    """A resumable upload: where it goes, on what condition, how far it is, and what was said at its end."""

    target: tuple[str, str]
    generation: str | None
    received: int = 0
    answer: Answer | None = None


class CloudStorageProxy:
    """The emulator and the proxy in front of it, on free ports of the loopback.

    `requests` are all that came in; `page_size` may be made small by a test; `inject` adds a fault and
    `forget` drops faults and requests.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.page_size = PAGE_SIZE
        self._injections: list[Injection] = []
        self._uploads: dict[str, _Upload] = {}
        self._locks: dict[tuple[str, str], threading.Lock] = {}
        self._guard = threading.Lock()
        self._turn = threading.Lock()
        self._emulator = create_server("127.0.0.1", 0, in_memory=True)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "CloudStorageProxy":
        self._emulator.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        # Clients ask for a bucket's data in the background: one that still does waits here for ever, in
        # a thread that ends with the process.
        self._turn.acquire()
        self._emulator.stop()

    @property
    def url(self) -> str:
        """For STORAGE_EMULATOR_HOST."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def emulator_url(self) -> str:
        """The emulator's own address: no faults there, and no preconditions."""
        return f"http://127.0.0.1:{self._emulator_port}"

    @property
    def _emulator_port(self) -> int:
        # Its server listens on the port that the system gave it, and doesn't say which.
        return int(self._emulator._api._httpd.server_address[1])

    def inject(
        self,
        fault: Fault,
        when: Callable[[Request], bool] = lambda request: True,
        *,
        first: int = 1,
        times: float = 1,
    ) -> Injection:
        """Adds a fault; the injection that comes back says how often it has struck."""
        injection = Injection(fault, when, first, times)
        with self._guard:
            self._injections.append(injection)
        return injection

    def forget(self) -> None:
        with self._guard:
            self._injections.clear()
            self.requests.clear()
            self.page_size = PAGE_SIZE

    def handle(self, request: Request) -> tuple[Answer | None, Fault]:
        """What to answer, None for a reset; and the fault, for what the answer's way must suffer."""
        with self._guard:
            self.requests.append(request)
            struck = [injection.fault for injection in self._injections if injection.strikes(request)]
        fault = struck[0] if struck else Fault()
        if fault.status is not None:
            reason = {401: "authError", 403: "forbidden", 429: "rateLimitExceeded"}
            name = reason.get(fault.status, "backendError")
            return _error(fault.status, f"injected {fault.status}", name), fault
        if fault.reset_before:
            return None, fault
        answer = self._serve(request)
        return (None if fault.reset_after else answer), fault

    def _serve(self, request: Request) -> Answer:
        refused = [name for name in _NOT_ENFORCED if name in request.query]
        refused += [name for name in _XML_HEADERS if name in request.headers]
        if request.kind == "batch" and re.search(rb"if(Source)?(Meta)?[gG]eneration", request.body):
            refused.append("a precondition in a batch")
        if refused:
            return _error(501, f"the tests' proxy doesn't enforce {', '.join(refused)}", "notImplemented")
        upload = self._uploads.get(request.query.get("upload_id", ""))
        targets = [upload.target] if upload else request.objects
        with self._locked(targets):
            if upload:
                return self._continue_upload(request, upload)
            for (bucket, name), key in zip(
                targets, ("ifGenerationMatch", "ifSourceGenerationMatch"), strict=False
            ):
                if not self._holds(bucket, name, request.query.get(key)):
                    return _PRECONDITION_FAILED
            answer = self._forward(request)
        if request.query.get("uploadType") == "resumable" and answer.status == 200:
            (target,) = targets
            location = next(value for key, value in answer.headers if key == "Location")
            upload_id = dict(parse_qsl(urlsplit(location).query))["upload_id"]
            self._uploads[upload_id] = _Upload(target, request.query.get("ifGenerationMatch"))
        if request.kind == "list" and request.method == "GET" and answer.status == 200:
            return self._page(request, answer)
        if answer.status == 206 and not answer.body:
            return Answer(416, [("Content-Type", "text/plain")], b"Requested range not satisfiable")
        return self._explained(request, answer) if answer.status == 404 else answer

    @contextmanager
    def _locked(self, targets: list[tuple[str, str]]) -> Iterator[None]:
        """One at a time for each object, those that set no condition too."""
        with self._guard:
            locks = [self._locks.setdefault(target, threading.Lock()) for target in sorted(set(targets))]
        with ExitStack() as stack:
            for lock in locks:
                stack.enter_context(lock)
            yield

    def _holds(self, bucket: str, name: str, generation: str | None) -> bool:
        return generation is None or generation == self._generation(bucket, name)

    def _generation(self, bucket: str, name: str) -> str:
        """An object's generation, "0" where there is none."""
        path = f"/storage/v1/b/{quote(bucket, safe='')}/o/{quote(name, safe='')}"
        answer = self._forward(Request("GET", path, {}, Message(), b""))
        return str(json.loads(answer.body)["generation"]) if answer.status == 200 else "0"

    def _continue_upload(self, request: Request, upload: _Upload) -> Answer:
        """A later request of a resumable upload; bytes that are there already are passed over, and a
        finished upload says again what it said, as Cloud Storage does."""
        if upload.answer is not None:
            return upload.answer
        span = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", request.headers.get("Content-Range", ""))
        _, end, total = span.groups() if span else (None, None, None)
        last = total != "*" and (end is None or int(end) + 1 == int(total))
        if not last and end is not None and int(end) < upload.received:
            return Answer(308, [("Range", f"bytes=0-{upload.received - 1}")], b"")
        if last and not self._holds(*upload.target, upload.generation):
            return _PRECONDITION_FAILED
        answer = self._forward(request)
        if answer.status == 308 and end is not None:
            upload.received = int(end) + 1
        if answer.status == 308 and upload.received == 0:
            # The emulator speaks of one byte where there is none.
            return Answer(308, [(k, v) for k, v in answer.headers if k != "Range"], b"")
        if answer.status == 200:
            upload.answer = answer
        return answer

    def _page(self, request: Request, answer: Answer) -> Answer:
        listing = json.loads(answer.body)
        entries = [(item["name"], item) for item in listing["items"]]
        entries += [(prefix, None) for prefix in listing["prefixes"]]
        entries.sort(key=lambda entry: entry[0])
        start = int(request.query.get("pageToken", 0))
        end = start + min(self.page_size, int(request.query.get("maxResults", PAGE_SIZE)))
        listing["items"] = [item for _, item in entries[start:end] if item is not None]
        listing["prefixes"] = [name for name, item in entries[start:end] if item is None]
        if end < len(entries):
            listing["nextPageToken"] = str(end)
        return Answer(200, [("Content-Type", "application/json")], json.dumps(listing).encode())

    def _explained(self, request: Request, answer: Answer) -> Answer:
        """The emulator's bare 404 in Cloud Storage's words."""
        bucket = re.search(r"/b/([^/?]+)", request.path)
        if bucket is None:
            return answer
        asked = self._forward(Request("GET", f"/storage/v1/b/{bucket[1]}", {}, Message(), b""))
        message = "The specified bucket does not exist."
        if asked.status == 200:
            message = "No such object: " + ", ".join("/".join(target) for target in request.objects)
        return _error(404, message, "notFound")

    def _forward(self, request: Request) -> Answer:
        """Hands it to the emulator, which serves one at a time."""
        query = "&".join(f"{quote(k)}={quote(v, safe='')}" for k, v in request.query.items())
        headers = {
            k: v for k, v in request.headers.items() if k.lower() not in ("connection", "authorization")
        }
        with self._turn:
            connection = http.client.HTTPConnection("127.0.0.1", self._emulator_port, timeout=60)
            connection.request(
                request.method, f"{request.path}?{query}" if query else request.path, request.body, headers
            )
            answer = connection.getresponse()
            kept = [
                (k, v)
                for k, v in answer.getheaders()
                if k.lower() not in ("content-length", "server", "date", "connection")
            ]
            body = answer.read()
            connection.close()
        if request.kind != "download":
            # An object's link to its content leads to where it was uploaded, which may be around the proxy.
            body = body.replace(self.emulator_url.encode(), self.url.encode())
        return Answer(answer.status, kept, body)


_PRECONDITION_FAILED = _error(
    412, "At least one of the pre-conditions you specified did not hold.", "conditionNotMet"
)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True
    proxy: CloudStorageProxy


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer leaves in one piece, or waits 40 ms for an acknowledgement of its first
    server: _Server

    def _any(self) -> None:
        if "Transfer-Encoding" in self.headers:
            self.send_error(501, "the tests' proxy reads no chunked request")
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        answer, fault = self.server.proxy.handle(Request(self.command, parts.path, query, self.headers, body))
        time.sleep(fault.seconds)
        if answer is None:
            self._reset()
            return
        self.send_response_only(answer.status)
        for key, value in answer.headers:
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.close_connection = self.close_connection or fault.cut
        try:
            self.end_headers()
            self.wfile.write(answer.body[: len(answer.body) // 2] if fault.cut else answer.body)
            self.wfile.flush()
        except ConnectionError:
            self.close_connection = True  # who asked waits no more

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self.connection.detach())

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: `requests` keeps it all."""


@dataclass
class TestBucket:
    """A bucket of one test. Its methods go around the proxy, so that no fault reaches them."""

    __test__ = False

    name: str
    proxy: CloudStorageProxy
    _bucket: storage.Bucket = field(init=False)

    def __post_init__(self) -> None:
        client = storage.Client(
            project="test",
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": self.proxy.emulator_url},
        )
        self._bucket = client.create_bucket(self.name)

    @property
    def url(self) -> str:
        return f"gs://{self.name}"

    def put(self, name: str, content: bytes) -> None:
        self._bucket.blob(name).upload_from_string(content, content_type="application/octet-stream")

    def contents(self, prefix: str = "") -> dict[str, bytes]:
        """Bytes by name of all objects under a prefix, which the names lack."""
        blobs = self._bucket.list_blobs(prefix=prefix)
        return {blob.name.removeprefix(prefix): blob.download_as_bytes() for blob in blobs}

    def download(self, prefix: str, folder: Path) -> Path:
        """Copies all objects under a prefix into a folder of this machine."""
        for name, content in self.contents(prefix.rstrip("/") + "/").items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder


CREDENTIALS = {
    # Shaped like a person's login, with a token that never runs out: nothing is asked of Google.
    "type": "authorized_user",
    "client_id": "tests",
    "client_secret": "none",
    "refresh_token": "none",
    "token": "a-token-of-the-tests",
    "expiry": "2999-01-01T00:00:00Z",
}
"""A credentials file for GOOGLE_APPLICATION_CREDENTIALS.

Beam's gcsio looks for credentials before it goes on anonymously, for 20 s and more where there are
none; no option of Beam's spares it that (`--no_auth` is for Dataflow's own client).
"""

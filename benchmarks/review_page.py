"""The review page: what a request takes with 10,000 held batches, 5,000 documents in one, a long document.

The server is a process of its own, asked over HTTP on loopback, one request at a time; meanwhile it reads the
decisions every five seconds as it always does. 2,500 of the batches were decided upon.
"""

import http.client
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tests.review.held_run import held_run
from wellspring.review.history import decision_path
from wellspring.schemas.decision import APPROVE, Decision

GOAL_QUEUE_MS, GOAL_DOCUMENT_MS = 200.0, 300.0
_WORDS, _LONG_WORDS = 300, 20_000
_TOKEN = "a-token-for-the-benchmark"
_STARTED = 300.0
_SERVER = """
import sys
from wellspring.review.server import serve
serve([sys.argv[1]], "127.0.0.1", int(sys.argv[2]), sys.argv[3])
"""


def run(runs: int = 60, tickets: int = 10_000, documents: int = 5000) -> dict[str, Any]:
    """Median and 95th percentile of so many requests of each page, milliseconds."""
    decided = tickets // 4
    times: dict[str, list[float]] = {}
    first: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="wellspring-bench-") as folder:
        queue = _queue(Path(folder) / "queue", tickets, decided)
        with _Server(queue) as server:
            addresses = {
                "queue": "/",
                "queue, last page of all": f"/?state=any&page={tickets // 50}",
                "queue, filtered and sorted": "/?source=news&margin=0.2&sort=window",
            }
            for name, address in addresses.items():
                first[name], times[name] = server.timed(address, runs)
            times["a decision"] = server.decisions(min(runs, 60))
        batch = _batch(Path(folder) / "batch", documents)
        with _Server(batch) as server:
            address = server.link("/", "/batches/")
            pages = {
                f"batch of {documents:,} documents": address,
                "its last page": f"{address}?page={max(1, documents // 100)}",
            }
            for name, page in pages.items():
                first[name], times[name] = server.timed(page, runs)
            document = server.link(address, "/documents/")
            first["a document of 300 words"], times["a document of 300 words"] = server.timed(document, runs)
            name = f"a document of {_LONG_WORDS:,} words"
            first[name], times[name] = server.timed(f"{address}/documents/0", runs)
    shown = {
        name: {
            "median_ms": round(statistics.median(taken), 1),
            "p95_ms": round(float(np.percentile(taken, 95)), 1),
            **({"first_ms": round(first[name], 1)} if name in first else {}),
        }
        for name, taken in times.items()
    }
    queues = max(v["p95_ms"] for name, v in shown.items() if name.startswith("queue"))
    slowest = max(v["p95_ms"] for name, v in shown.items() if name.startswith("a document"))
    return {
        "what": f"the review page over HTTP with {tickets:,} held batches, {decided:,} of them decided",
        "goal": f"queue at most {GOAL_QUEUE_MS:.0f} ms, a document at most {GOAL_DOCUMENT_MS:.0f} ms",
        "measured": f"95th percentile: queue {queues:.0f} ms, document {slowest:.0f} ms",
        "met": queues <= GOAL_QUEUE_MS and slowest <= GOAL_DOCUMENT_MS,
        "pages": shown,
        "runs": runs,
        "lines": [
            f"{name}: median {v['median_ms']:.0f} ms, 95th percentile {v['p95_ms']:.0f} ms"
            + (f", the first time {v['first_ms']:.0f} ms" if "first_ms" in v else "")
            for name, v in shown.items()
        ],
    }


def _queue(folder: Path, tickets: int, decided: int) -> Path:
    sources = ("web-archive", "news", "forum", "encyclopedia", "code")
    run = held_run(folder, batches=tickets, documents=2, words=12, passed=500, sources=sources)
    for batch in sorted(path.name.removeprefix("batch=") for path in (run / "hold").iterdir())[:decided]:
        decision = Decision(
            batch_id=batch,
            number=1,
            decision=APPROVE,
            by="benchmark",
            at="2026-11-20T09:00:00+00:00",
            ticket_sha256="",
        )
        target = run / decision_path(batch, 1)
        target.parent.mkdir(parents=True)
        target.write_bytes(msgspec.json.encode(decision))
    return run


def _batch(folder: Path, documents: int) -> Path:
    long = " ".join(f"word{number * 7919 % 1000}" for number in range(_LONG_WORDS))
    return held_run(folder, batches=1, documents=documents, words=_WORDS, passed=1, texts=[long])


class _Server:
    """The page of a run in another process, and a connection to it."""

    def __init__(self, run: Path) -> None:
        self._port = _free_port()
        command = [sys.executable, "-c", _SERVER, str(run), str(self._port), _TOKEN]
        root = Path(__file__).resolve().parents[1]
        self._process = subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL)
        self._cookies = ""

    def __enter__(self) -> "_Server":
        deadline = time.monotonic() + _STARTED
        while True:
            try:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
                self._connection.request("GET", f"/?token={_TOKEN}")
                answer = self._connection.getresponse()
                break
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.1)
        answer.read()
        self._cookies = str(answer.getheader("set-cookie")).split(";")[0] + "; wellspring_reviewer=Ada"
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._process.terminate()
        self._process.wait()

    def _get(self, address: str) -> str:
        self._connection.request("GET", address, headers={"Cookie": self._cookies})
        answer = self._connection.getresponse()
        content = answer.read().decode()
        if answer.status != 200:
            raise RuntimeError(f"{address} was answered with {answer.status}")
        return content

    def timed(self, address: str, times: int) -> tuple[float, list[float]]:
        """Milliseconds of the first request, and of those after it, a little apart."""
        taken = []
        for _ in range(times + 1):
            start = time.perf_counter()
            self._get(address)
            taken.append(1000 * (time.perf_counter() - start))
            time.sleep(0.05)
        return taken[0], taken[1:]

    def link(self, address: str, part: str) -> str:
        found = re.search(rf'href="([^"?#]*{part}[^"?#]*)"', self._get(address))
        if found is None:
            raise RuntimeError(f"{address} leads to no {part}")
        return found[1]

    def decisions(self, times: int) -> list[float]:
        """Milliseconds of approving one batch of the queue after another."""
        page = self._get("/")
        secret = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
        batches = re.findall(r'name="batch" value="([^"]+)"', page)
        taken = []
        for batch in batches[:times]:
            start = time.perf_counter()
            self._connection.request(
                "POST",
                "/decide",
                body=f"csrf={secret}&action=approve&reason=&to=/&batch={batch}",
                headers={"Cookie": self._cookies, "Content-Type": "application/x-www-form-urlencoded"},
            )
            answer = self._connection.getresponse()
            answer.read()
            taken.append(1000 * (time.perf_counter() - start))
            if answer.status != 303:
                raise RuntimeError(f"a decision was answered with {answer.status}")
        return taken


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])

"""A password or a signature in the URL of an input stands in nothing that a job writes or says."""

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from tests.pipelines.crawl import text

pytestmark = pytest.mark.slow

PASSWORD, SIGNATURE = "pa55-of-the-test", "5ignature-of-the-test"
ROOT = Path(__file__).parents[2]
LINES = "".join(
    json.dumps({"id": f"d{i}", "text": text(f"d{i}", 20), "date": f"2026-01-{i % 27 + 1:02d}"}) + "\n"
    for i in range(60)
)


class _Handler(http.server.BaseHTTPRequestHandler):
    """The lines to who asks with the signature, 404 for what is called missing."""

    def do_GET(self) -> None:
        there = SIGNATURE in self.path and "missing" not in self.path
        self.send_response(200 if there else 404)
        content = LINES.encode() if there else b""
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """user:password@host:port of a server."""
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"user:{PASSWORD}@127.0.0.1:{listening.server_address[1]}"
    listening.shutdown()
    listening.server_close()


def said_and_written(folder: Path, *argv: str) -> tuple[int, str]:
    """Exit code; all that a job printed, and that lies in the folder afterwards."""
    command = [sys.executable, "-m", "wellspring.pipelines.cli", *argv]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    parts = [done.stdout, done.stderr]
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        parts.append(path.name)
        if path.suffix == ".parquet":
            parts.append(str(ds.dataset(path).to_table().to_pylist()))
        else:
            parts.append(path.read_bytes().decode(errors="replace"))
    return done.returncode, "\n".join(parts)


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        ("score --input={url} --output={out}/scored.jsonl --scorer={scorer} --profile=seed", 0),
        ("estimate --input={url} --scorer=none", 0),
        ("monitor --outputs={url} --baseline={url} --output={out}/page --window=20", None),
        ("simulate --corpus={url} --output={out}/page --learner=ngram --generations=1 --seeds=1", None),
        ("tails build --corpus={url} --output={out}/tails", None),
        ("calibrate --labelled={url} --output={out}/profile.json", 2),
        ("evaluate --scored={url} --labelled={url}", 2),
        ("mix --recipe={url} --output={out}/set", 2),
        ("report --run={url}", 2),
        ("lineage --run={url} --id=d1", 2),
        ("reprocess --run={url} --output={out}/run --profile=seed", 2),
    ],
    ids=lambda value: value.split()[0] if isinstance(value, str) else "",
)
@pytest.mark.parametrize("name", ["lines.jsonl", "missing.jsonl"])
def test_what_opens_a_url_stands_nowhere(job, expected, name, server, tiny_scorer, tmp_path):
    url = f"http://{server}/{name}?X-Amz-Signature={SIGNATURE}"
    out = tmp_path / "out"
    out.mkdir()
    argv = [part.format(url=url, out=out, scorer=tiny_scorer) for part in job.split()]
    code, text_ = said_and_written(out, *argv)
    if expected is not None and name == "lines.jsonl":
        assert code == expected, text_[-2000:]
    assert text_.strip()
    for secret in (PASSWORD, SIGNATURE):
        assert secret not in text_, text_[max(0, text_.index(secret) - 500) : text_.index(secret) + 100]

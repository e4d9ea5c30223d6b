"""Faults: a run accounts for every document, or fails with a message and without a manifest, and run again
it ends with the bytes of an undisturbed run."""

import base64
import errno
import http.server
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from tests.pipelines.crawl import data_files, write_crawl
from wellspring.pipelines.cli import main
from wellspring.schemas import encoding
from wellspring.signals.lm.tokenization import Tokenizer
from wellspring.transforms.curate import read_documents, scorer_handler
from wellspring.transforms.storage.publish import publish

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TWO_PROCESSES = ("--direct_running_mode=multi_processing", "--direct_num_workers=2")
PATIENCE_SECONDS = 300
"""After which a command counts as one that hangs."""

CheckRun = Callable[..., None]


class Job:
    """The main job on the small crawl, and what an undisturbed run of it left."""

    def __init__(self, crawl: Path, scorer: str, undisturbed: Path, check_run: CheckRun) -> None:
        self.crawl = crawl
        self.scorer = scorer
        self.undisturbed = undisturbed
        self._check_run = check_run

    def flags(self, output: Path, *extra: str) -> list[str]:
        return [
            *(f"--input={self.crawl}/*.gz", f"--sources={self.crawl}/sources.yaml", f"--output={output}"),
            *(f"--scorer={self.scorer}", "--profile=seed", "--batch_documents=8", *extra),
        ]

    def run(self, output: Path, *extra: str) -> None:
        """In this process."""
        assert main(["curate", *self.flags(output, *extra)]) == 0

    def start(self, output: Path, *extra: str, **environment: str) -> subprocess.Popen[str]:
        """In a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "wellspring.pipelines.curate", *self.flags(output, *extra)],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ends_undisturbed(self, output: Path) -> None:
        """Run again on what the fault left, it ends with the undisturbed bytes."""
        assert not (output / "manifest.json").exists()
        self.run(output)
        self.is_undisturbed(output)

    def is_undisturbed(self, output: Path) -> None:
        self._check_run(self.undisturbed, output)
        assert data_files(output) == data_files(self.undisturbed)


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory, tiny_scorer: str, check_run: CheckRun) -> Job:
    folder = tmp_path_factory.mktemp("faults")
    job = Job(write_crawl(folder / "crawl"), tiny_scorer, folder / "undisturbed", check_run)
    job.run(job.undisturbed)
    check_run(job.undisturbed)
    return job


def test_a_worker_process_killed_in_reading_scoring_audit_and_writing(job: Job, tmp_path: Path) -> None:
    """In the same run, which is started again after each."""
    for function in (
        "wellspring.transforms.curate.read_documents:read_file",
        "wellspring.transforms.curate.scorer_handler:score_batch",
        "wellspring.transforms.curate.audit_entropy:audit_batch",
        "wellspring.transforms.beam.write_shards:publish",
    ):
        mark = tmp_path / function
        started = job.start(
            tmp_path / "run",
            *TWO_PROCESSES,
            PYTHONPATH=f"{Path(__file__).parent / 'faulty'}{os.pathsep}{ROOT}",
            FAULT=function,
            FAULT_AT="2",
            FAULT_MARK=str(mark),
        )
        _, stderr = started.communicate(timeout=PATIENCE_SECONDS)
        assert mark.exists()
        assert started.returncode == 1
        assert "a worker process died" in stderr.splitlines()[-1]
        assert not (tmp_path / "run/manifest.json").exists()
    job.ends_undisturbed(tmp_path / "run")


def test_the_launcher_killed_at_several_moments(job: Job, tmp_path: Path) -> None:
    """In the same run, which is started again after each."""
    run = tmp_path / "run"
    for moment in ("read", "measured", "scored", "published"):
        progress = tmp_path / moment
        progress.mkdir()
        started = job.start(run, TMPDIR=str(progress))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not has_come_to(moment, run, progress) and started.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        started.kill()
        started.communicate()
        assert started.returncode == -signal.SIGKILL
        assert not (run / "manifest.json").exists()
    job.ends_undisturbed(run)


def has_come_to(moment: str, run: Path, progress: Path) -> bool:
    """Whether a run has published a file, or its progress names the moment."""
    if moment == "published":
        return any((run / "documents").rglob("*.parquet"))
    lines = (path.read_text() for path in progress.glob("wellspring-progress-*/*.jsonl"))
    return any(f'"{moment}"' in text for text in lines)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 48 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no right to mount a file system: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_full(job: Job, small_disk: Path) -> None:
    with pytest.raises(Exception, match="No space left on device"):
        job.run(small_disk / "run")
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    job.ends_undisturbed(small_disk / "run")


def test_no_space_for_the_manifest(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(run: str, path: str, content: bytes, rows: int) -> object:
        if path == "manifest.json":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        return publish(run, path, content, rows)

    with monkeypatch.context() as patched:
        patched.setattr("wellspring.transforms.storage.publish.publish", full)
        with pytest.raises(Exception, match="No space left on device"):
            job.run(tmp_path / "run")
    assert any((tmp_path / "run/documents").rglob("*.parquet"))
    job.ends_undisturbed(tmp_path / "run")


def test_a_file_that_vanishes_between_listing_and_reading(
    job: Job, tmp_path: Path, check_run: CheckRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl = write_crawl(tmp_path / "crawl")
    gone = crawl / "1.warc.wet.gz"

    def vanishing(path: str, *where: str) -> object:
        if path == str(gone):
            gone.unlink(missing_ok=True)
        return true(path, *where)

    true = read_documents.open_binary
    monkeypatch.setattr(read_documents, "open_binary", vanishing)
    other = Job(crawl, job.scorer, job.undisturbed, check_run)
    other.run(tmp_path / "run")
    check_run(tmp_path / "run")
    manifest = json.loads((tmp_path / "run/manifest.json").read_text())
    assert list(manifest["files_damaged"]) == [str(crawl / "1.warc.wet.gz"), str(crawl / "2.warc.wet.gz")]
    assert manifest["files_damaged"][str(gone)].startswith("unreadable: FileNotFoundError")
    left = {
        row["id"]
        for row in rows(job.undisturbed, "documents")
        if not row["date"] or "-06T" not in row["date"]
    }
    assert ids(tmp_path / "run") == left


def test_bundles_delivered_twice(job: Job, tmp_path: Path) -> None:
    job.run(tmp_path / "run", "--direct_runner_bundle_repeat=2")
    job.is_undisturbed(tmp_path / "run")


class PanicException(BaseException):
    """As the tokenizer's Rust raises it: not an Exception."""


def test_a_text_that_the_tokenizer_fails_on_is_lost_alone(
    job: Job, tmp_path: Path, check_run: CheckRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned = next(row for row in rows(job.undisturbed, "documents") if row["id"] == "g3")

    def encode_batch(self: Tokenizer, texts: list[str]) -> object:
        if poisoned["text"] in texts:
            raise PanicException("called `Result::unwrap()` on an `Err` value")
        return true(self, texts)

    true = Tokenizer.encode_batch
    monkeypatch.setattr(Tokenizer, "encode_batch", encode_batch)
    job.run(tmp_path / "run")
    check_run(tmp_path / "run")
    assert ids(tmp_path / "run") == ids(job.undisturbed) - {"g3"}
    (reject,) = [row for row in rows(tmp_path / "run", "rejects") if row["reason"] == "untokenizable"]
    assert reject["id"] == "g3"
    assert reject["detail"].startswith("PanicException: called")


def test_a_scorer_that_hangs(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    with monkeypatch.context() as patched:
        patched.setattr(scorer_handler, "score_batch", lambda *_: released.wait())
        with pytest.raises(
            Exception, match=r"scoring batch [0-9a-f]{32} \(source .* was not done within 1 s"
        ):
            job.run(tmp_path / "run", "--scorer_timeout_seconds=1")
    released.set()
    job.ends_undisturbed(tmp_path / "run")


HANGING = """
import sys, time
from wellspring.pipelines.cli import main
from wellspring.signals.lm.scorer import Scorer
load = Scorer.load
Scorer.load = staticmethod(lambda name, threads=None: load(name, threads=2))
Scorer._run_waiting_passes = lambda *_: time.sleep(3600)
sys.exit(main(["curate", *sys.argv[1:]]))
"""


def test_a_process_whose_scorer_hangs_ends(job: Job, tmp_path: Path) -> None:
    """With all threads of a scorer still in their work."""
    command = [sys.executable, "-c", HANGING, *job.flags(tmp_path / "run", "--scorer_timeout_seconds=1")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert "was not done within 1 s" in ended.stderr.splitlines()[-1]
    job.ends_undisturbed(tmp_path / "run")


def test_a_clock_that_is_set_back(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the clock is a day before the one before."""
    steps = itertools.count()

    class Backwards(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime(2026, 3, 1, tzinfo=UTC) - timedelta(days=next(steps))

    monkeypatch.setattr(encoding, "datetime", Backwards)
    job.run(tmp_path / "run")
    monkeypatch.undo()
    job.is_undisturbed(tmp_path / "run")
    manifest = json.loads((tmp_path / "run/manifest.json").read_text())
    assert manifest["finished"] < manifest["started"] < "2026-03-02"


HOSTILE = (
    "../../../outside",
    "/outside",
    "..",
    "a/../../../outside",
    "C:\\outside",
    "a\0b",
    "%2e%2e%2foutside",
)


def test_no_value_of_the_input_becomes_a_path(
    job: Job, tmp_path: Path, check_run: CheckRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        json.dumps(
            {
                "text": f"A sentence that is long enough to be kept, and its number is {number}.",
                **dict.fromkeys(("id", "source", "url", "dump", "date", "added", "created"), value),
            }
        )
        for number, value in enumerate(HOSTILE)
    ]
    folder = tmp_path / "a/b/c"
    folder.mkdir(parents=True)
    (folder / "in.jsonl").write_text("\n".join(lines))
    monkeypatch.chdir(folder)
    argv = [
        f"--input={folder}/in.jsonl",
        f"--output={folder}/run",
        f"--scorer={job.scorer}",
        "--profile=seed",
    ]
    assert main(["curate", *argv, "--batch_by=source,dump,domain"]) == 0
    check_run(folder / "run")
    assert len(rows(folder / "run", "documents")) == len(HOSTILE)
    outside = [path for path in tmp_path.rglob("*") if folder / "run" not in (path, *path.parents)]
    assert {path.name for path in outside} == {"a", "b", "c", "in.jsonl"}
    names = {part for path in (folder / "run").rglob("*") for part in path.relative_to(folder).parts}
    assert not [name for name in names if "outside" in name or ".." in name]


PASSWORD = "correct-horse"
SIGNATURE = "battery-staple"
KEY = "AKIAWELLSPRINGTEST"


class _Guarded(http.server.BaseHTTPRequestHandler):
    """Gives `content` to whoever knows the password."""

    content = b""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        expected = "Basic " + base64.b64encode(f"user:{PASSWORD}".encode()).decode()
        if "missing" in self.path or self.headers.get("Authorization") != expected:
            self.send_error(404 if "missing" in self.path else 401)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(self.content)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def guarded(job: Job, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(_Guarded, "content", (job.crawl / "0.warc.wet.gz").read_bytes())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Guarded)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://user:{PASSWORD}@127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_no_password_or_key_is_written_anywhere(
    job: Job, guarded: str, tmp_path: Path, check_run: CheckRun
) -> None:
    urls = [f"{guarded}/0.warc.wet.gz?X-Amz-Signature={SIGNATURE}&part=1", f"{guarded}/missing.warc.wet.gz"]
    (tmp_path / "in.paths").write_text("\n".join(urls))
    arguments = [f"--output={tmp_path}/run", f"--scorer={job.scorer}", "--profile=seed"]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "wellspring.pipelines.curate",
            f"--input={urls[0]}",
            f"--input={tmp_path}/in.paths",
            *arguments,
        ],
        cwd=ROOT,
        env={**os.environ, "AWS_SECRET_ACCESS_KEY": KEY, "HF_TOKEN": KEY},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    check_run(tmp_path / "run")
    manifest = json.loads((tmp_path / "run/manifest.json").read_text())
    assert manifest["records_read"] == 20
    assert len(manifest["files_damaged"]) == 1
    written = [done.stdout, done.stderr]
    for path in (tmp_path / "run").rglob("*"):
        if path.suffix == ".parquet":
            written.append(str(ds.dataset(path).to_table().to_pylist()))
        elif path.is_file():
            written.append(path.read_text())
    assert any("X-Amz-Signature=...&part=1" in text for text in written)
    for secret in (PASSWORD, SIGNATURE, KEY):
        assert not [text for text in written if secret in text]


IMPATIENT = """
import sys
from wellspring.pipelines.cli import main
from wellspring.transforms.storage import open_files
open_files.FIRST_WAIT_SECONDS = 0
sys.exit(main(sys.argv[1:]))
"""


def test_a_failing_run_says_no_password(guarded: str, job: Job, tmp_path: Path) -> None:
    gone = guarded.rpartition(":")[0] + ":1/x.warc.wet.gz"  # nothing listens there
    arguments = [f"--output={tmp_path}/run", f"--scorer={job.scorer}", "--profile=seed"]
    done = subprocess.run(
        [sys.executable, "-c", IMPATIENT, "curate", f"--input={gone}", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "127.0.0.1:1" in done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    assert not (tmp_path / "run/manifest.json").exists()


def rows(run: Path, folder: str) -> list[dict]:
    return ds.dataset(run / folder, partitioning="hive").to_table().to_pylist()


def ids(run: Path) -> set[str]:
    found = [row["id"] for row in rows(run, "documents")]
    assert len(found) == len(set(found))
    return set(found)

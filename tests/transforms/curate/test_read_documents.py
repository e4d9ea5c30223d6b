"""ReadDocuments in a pipeline: conservation, files once, failures of storage."""

import gzip
import json
import types
from collections import Counter
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from tests.transforms.formats.archives import TEXT, conversion, members, record
from wellspring.transforms.curate import read_documents
from wellspring.transforms.curate.read_documents import ReadDocuments, _outcomes
from wellspring.transforms.formats.limits import DEFAULT_LIMITS, Limits
from wellspring.transforms.formats.rows import COLUMNS


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    (tmp_path / "a.warc.wet.gz").write_bytes(
        members(conversion(1), record("conversion", b"", 2), conversion(3))
    )
    (tmp_path / "b.warc.wet.gz").write_bytes(members(conversion(4), conversion(5))[:-9])
    rows = [{"text": TEXT, "source": s} for s in ("x", "y", "x")] + [{"text": None, "source": "y"}]
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    (tmp_path / "d.warc").write_bytes(b"")
    return tmp_path


@pytest.mark.slow
def test_counts_are_documents_and_record_rejects_by_source(crawl: Path) -> None:
    with beam.Pipeline("FnApiRunner") as pipeline:
        output = pipeline | ReadDocuments([f"{crawl}/*", f"{crawl}/a*", f"{crawl}/./b.warc.wet.gz"])
        named = output.counts | "Name" >> beam.MapTuple(lambda path, source, n: (Path(path).name, source, n))
        assert_that(
            named,
            equal_to([
                ("a.warc.wet.gz", "web-archive", 3), ("b.warc.wet.gz", "web-archive", 2),
                ("c.jsonl.gz", "x", 2), ("c.jsonl.gz", "y", 2), ("d.warc", "web-archive", 0),
            ]),
            label="counts",
        )  # fmt: skip
        sources = output.documents | "Source" >> beam.Map(lambda d: (d.source, "document"))
        rejected = output.rejects | "Reason" >> beam.Map(lambda r: (r.source, r.kind, r.reason))
        assert_that(
            rejected,
            equal_to([
                ("web-archive", "record", "empty"),
                ("web-archive", "file", "truncated"),
                ("y", "record", "no_text"),
            ]),
            label="rejects",
        )  # fmt: skip
        per_source = sources | "Count" >> beam.combiners.Count.PerElement()
        assert_that(
            per_source,
            equal_to([(("web-archive", "document"), 4), (("x", "document"), 2), (("y", "document"), 1)]),
            label="documents",
        )
    counters = {m.key.metric.name: m.committed for m in pipeline.result.metrics().query()["counters"]}
    assert counters["files_read"] == 4
    assert counters["documents_read"] == 9
    assert counters["documents_rejected_empty"] == 1
    assert counters["files_damaged_truncated"] == 1


@pytest.mark.slow
def test_a_path_list_with_a_prefix(crawl: Path) -> None:
    (crawl / "wet.paths.gz").write_bytes(gzip.compress(b"a.warc.wet.gz\nnot-there.warc.wet.gz\n"))
    with beam.Pipeline("FnApiRunner") as pipeline:
        output = pipeline | ReadDocuments([f"{crawl}/wet.paths.gz"], prefix=str(crawl))
        texts = output.documents | "Text" >> beam.Map(lambda d: d.text)
        assert_that(texts, equal_to([TEXT.format(1), TEXT.format(3)]), label="texts")
        reasons = output.rejects | "Reason" >> beam.Map(lambda r: (r.kind, r.reason, Path(r.file_path).name))
        expected = [("record", "empty", "a.warc.wet.gz"), ("file", "unreadable", "not-there.warc.wet.gz")]
        assert_that(reasons, equal_to(expected), label="reasons")
        counts = output.counts | "N" >> beam.MapTuple(lambda path, source, n: n)
        assert_that(counts, equal_to([3, 0]), label="counts")


def test_a_pattern_that_matches_nothing_fails_the_run_by_its_name(tmp_path: Path) -> None:
    with (
        pytest.raises(Exception, match=r"no file matches '.*nothing-here"),
        beam.Pipeline("FnApiRunner") as p,
    ):
        _ = p | ReadDocuments([f"{tmp_path}/nothing-here*"])


def test_no_pattern_is_an_error_before_the_run() -> None:
    with pytest.raises(ValueError, match="no input"):
        ReadDocuments([])


def test_a_failing_storage_is_raised_and_a_forbidden_file_is_a_reject(
    crawl: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{crawl}/a.warc.wet.gz"

    def failing(error: Exception) -> Any:
        stream = open(path, "rb")  # noqa: SIM115, PTH123  closed by the reader

        def read(_size: int = -1) -> bytes:
            raise error

        return types.SimpleNamespace(
            read=read, seekable=stream.seekable, seek=stream.seek,
            __enter__=lambda s: s, __exit__=lambda *a: None,
        )  # fmt: skip

    class Opened:
        def __init__(self, error: Exception) -> None:
            self.inner = failing(error)

        def __enter__(self) -> Any:
            return self.inner

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(read_documents, "open_binary", lambda *_: Opened(ConnectionResetError(104, "reset")))
    with pytest.raises(OSError, match=r"a\.warc\.wet\.gz failed, and may succeed"):
        list(_outcomes(path, DEFAULT_LIMITS, None, COLUMNS))
    monkeypatch.setattr(read_documents, "open_binary", lambda *_: Opened(PermissionError(13, "denied")))
    (reject,) = _outcomes(path, DEFAULT_LIMITS, None, COLUMNS)
    assert (reject.kind, reject.reason) == ("file", "unreadable")
    assert "denied" in reject.detail


def test_progress_adds_up_to_the_files(crawl: Path) -> None:
    totals: Counter[str] = Counter()

    class Recorder:
        def add(self, stage: str, **counts: int) -> None:
            assert stage == "read"
            totals.update(counts)

    (crawl / "big.warc.wet.gz").write_bytes(members(*(conversion(n) for n in range(600))))
    names = ("a.warc.wet.gz", "b.warc.wet.gz", "c.jsonl.gz", "big.warc.wet.gz")
    for name in names:
        list(_outcomes(f"{crawl}/{name}", DEFAULT_LIMITS, Recorder(), COLUMNS))
    assert totals["documents"] == 3 + 2 + 4 + 600
    assert totals["bytes"] == sum((crawl / name).stat().st_size for name in names)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        ["--direct_num_workers=3"],
        ["--direct_num_workers=2", "--direct_running_mode=multi_processing"],
        ["--direct_runner_bundle_repeat=2"],
    ],
)
def test_workers_processes_and_repeated_bundles_give_the_same(crawl: Path, options: list[str]) -> None:
    expected = [
        o for path in sorted(crawl.glob("*.gz")) for o in _outcomes(str(path), DEFAULT_LIMITS, None, COLUMNS)
    ]
    assert expected
    with beam.Pipeline(argv=["--runner=FnApiRunner", *options]) as pipeline:
        output = pipeline | ReadDocuments([f"{crawl}/*.gz"])
        assert_that((output.documents, output.rejects) | beam.Flatten(), equal_to(expected))


def test_workers_need_not_start_where_the_job_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here/in.jsonl").write_text('{"id": "one", "text": "A text of more than one word."}\n')
    (tmp_path / "here/list.paths").write_text("in.jsonl\ngone.jsonl\n")
    monkeypatch.chdir(tmp_path / "here")
    transform = ReadDocuments(["*.jsonl", "list.paths"], limits=Limits(min_characters=1))
    monkeypatch.chdir(tmp_path)
    with beam.Pipeline("FnApiRunner") as p:
        read = p | transform
        assert_that(
            read.documents | "Paths" >> beam.Map(lambda d: d.file_path), equal_to(["in.jsonl"]), "read"
        )
        rejects = read.rejects | "Details" >> beam.Map(lambda r: (r.file_path, r.detail))
        gone = "FileNotFoundError: [Errno 2] No such file or directory: 'gone.jsonl'"
        assert_that(rejects, equal_to([("gone.jsonl", gone)]), "named")

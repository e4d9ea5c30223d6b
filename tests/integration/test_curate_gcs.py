"""The main job on gs://, on a storage that answers 429 and 503, resets connections, cuts and delays."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.gcs import Fault, Request, TestBucket
from tests.pipelines.crawl import write_crawl
from tests.pipelines.test_curate_determinism import data
from wellspring.pipelines.cli import main
from wellspring.pipelines.command.own_output import own_folder
from wellspring.transforms.storage import cloud_storage
from wellspring.transforms.storage.claim import check_claim, folder_claim, take_claim
from wellspring.transforms.storage.storage import UNFINISHED

FAULTS = [
    Fault(status=429),
    Fault(status=503),
    Fault(reset_before=True),
    Fault(reset_after=True),
    Fault(cut=True),
    Fault(seconds=0.2),
]


@pytest.fixture(scope="module")
def crawl(tmp_path_factory) -> Path:
    return write_crawl(tmp_path_factory.mktemp("crawl"))


@pytest.fixture(scope="module")
def undisturbed(crawl, tiny_scorer, tmp_path_factory) -> Path:
    """The run of the local crawl into a local folder."""
    output = tmp_path_factory.mktemp("undisturbed") / "run"
    assert main(flags(str(crawl), str(output), tiny_scorer)) == 0
    return output


@pytest.fixture
def crawl_in_bucket(bucket, crawl) -> str:
    for file in crawl.iterdir():
        bucket.put(f"crawl/{file.name}", file.read_bytes())
    return f"{bucket.url}/crawl"


def flags(crawl: str, output: str, scorer: str) -> list[str]:
    paths = [f"--input={crawl}/*.gz", f"--sources={crawl}/sources.yaml", f"--output={output}"]
    return ["curate", *paths, f"--scorer={scorer}", "--batch_documents=8"]


def check_same(bucket: TestBucket, local: Path, folder: Path, check_run) -> None:
    """What lies in the bucket is a finished run, and its bytes are those of a run in a local folder."""
    downloaded = bucket.download("run", folder)
    assert (downloaded / "manifest.json").exists()
    assert not (downloaded / UNFINISHED).exists()
    check_run(downloaded, local)
    assert data(downloaded) == data(local)


def is_upload_of(part: str):
    def matches(request: Request) -> bool:
        return request.kind == "upload" and any(part in name for _, name in request.objects)

    return matches


@pytest.mark.slow
def test_the_same_bytes_as_in_a_local_folder(
    bucket, crawl_in_bucket, tiny_scorer, tmp_path, check_run, monkeypatch
):
    """Input, sources, scorer and output in the bucket; and the report is written from there again."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for file in Path(tiny_scorer).iterdir():
        bucket.put(f"scorer/{file.name}", file.read_bytes())
    assert main(flags(crawl_in_bucket, f"{bucket.url}/run", f"{bucket.url}/scorer")) == 0
    requests = list(bucket.proxy.requests)
    # Documents say which file they are of: the reference reads the same bucket.
    assert main(flags(crawl_in_bucket, str(tmp_path / "local"), tiny_scorer)) == 0
    check_same(bucket, tmp_path / "local", tmp_path / "downloaded", check_run)

    assert main(["report", f"--run={bucket.url}/run", f"--output={bucket.url}/again.html"]) == 0
    assert bucket.contents("again.html")[""] == (tmp_path / "downloaded/report.html").read_bytes()

    assert not any(request.copies for request in requests)
    for part, condition in {"documents/": "0", "measurements/": "0", "manifest.json": None}.items():
        published = [request for request in requests if is_upload_of(f"run/{part}")(request)]
        assert {request.query.get("ifGenerationMatch") for request in published} == {condition}


@pytest.mark.slow
def test_every_fault_at_every_kind_of_request(bucket, crawl_in_bucket, tiny_scorer, tmp_path, check_run):
    assert main(flags(crawl_in_bucket, str(tmp_path / "local"), tiny_scorer)) == 0
    bucket.proxy.forget()
    # Every second request of a kind suffers the next fault, until each has struck. Listings and batches
    # are few: theirs strike one after the other.
    weather = {
        (kind, fault): bucket.proxy.inject(
            fault,
            lambda request, kind=kind: request.kind == kind,
            first=1 + number * (1 if kind in ("list", "batch") else 2),
        )
        for kind in ("upload", "download", "object", "list", "batch")
        for number, fault in enumerate(FAULTS)
    }
    assert main(flags(crawl_in_bucket, f"{bucket.url}/run", tiny_scorer)) == 0
    calm = [f"{kind} {fault}" for (kind, fault), injection in weather.items() if injection.done != 1]
    assert not calm
    check_same(bucket, tmp_path / "local", tmp_path / "downloaded", check_run)


@pytest.mark.slow
def test_worker_processes_bundles_that_run_twice_and_a_changing_weather(
    bucket, crawl, undisturbed, tiny_scorer, tmp_path, check_run
):
    lost = bucket.proxy.inject(Fault(reset_after=True), is_upload_of("documents/"))
    busy = bucket.proxy.inject(Fault(status=503), is_upload_of("measurements/"), times=2)
    command = [
        sys.executable,
        "-m",
        "wellspring.pipelines.cli",
        *flags(str(crawl), f"{bucket.url}/run", tiny_scorer),
    ]
    command += ["--direct_num_workers=2", "--direct_running_mode=multi_processing"]
    subprocess.run([*command, "--direct_runner_bundle_repeat=2"], check=True, capture_output=True)
    assert (lost.done, busy.done) == (1, 2)
    assert lost.seen > 4  # three files of documents, each written at least twice
    check_same(bucket, undisturbed, tmp_path / "downloaded", check_run)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["documents/provenance=synthetic_known", "manifest.json"])
def test_a_storage_that_stays_away_is_an_error_and_no_run(
    part, bucket, crawl, undisturbed, tiny_scorer, tmp_path, check_run, monkeypatch
):
    """And run again under a better sky it ends the same."""
    with monkeypatch.context() as patched:
        patched.setattr(cloud_storage, "GIVE_UP_SECONDS", 1.0)
        gone = bucket.proxy.inject(Fault(status=503), is_upload_of(part), times=float("inf"))
        with pytest.raises(Exception, match=f"{bucket.url}/run/{part}.*: given up after 1 s: injected 503"):
            main(flags(str(crawl), f"{bucket.url}/run", tiny_scorer))
    assert gone.done > 0
    left = bucket.contents("run/")
    assert f"{UNFINISHED}/started" in left
    assert not any(name.startswith(part) for name in left)
    assert "manifest.json" not in left

    bucket.proxy.forget()
    assert main(flags(str(crawl), f"{bucket.url}/run", tiny_scorer)) == 0
    check_same(bucket, undisturbed, tmp_path / "downloaded", check_run)


@pytest.mark.slow
def test_another_job_that_writes_other_bytes_into_the_same_run_is_noticed(bucket, crawl, tiny_scorer):
    def overtaken(request: Request) -> bool:
        if is_upload_of("rejects/")(request):
            bucket.put(request.objects[0][1], b"another job's")
        return False

    bucket.proxy.inject(Fault(), overtaken)
    with pytest.raises(Exception, match="is there already, with other bytes: either another job"):
        main(flags(str(crawl), f"{bucket.url}/run", tiny_scorer))
    assert "manifest.json" not in bucket.contents("run/")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"--output": "gs://no-such-bucket/run"},
            "--output: gs://no-such-bucket/run/.* no bucket",
        ),
        ({"--input": "gs://no-such-bucket/*"}, "--input: .*The specified bucket does not exist"),
        ({"--input": "{bucket}/nothing/*"}, "--input: no file matches"),
        ({"--sources": "{bucket}/nothing.yaml"}, "nothing.yaml' can't be read: .* isn't there"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(changes, said, bucket, crawl, tiny_scorer, capsys):
    argv = [
        flag
        for flag in flags(str(crawl), f"{bucket.url}/run", tiny_scorer)
        if flag.partition("=")[0] not in changes
    ]
    argv += [f"{flag}={value.format(bucket=bucket.url)}" for flag, value in changes.items()]
    assert main(argv) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("warning")]
    assert len(lines) == 1
    assert re.search(said, lines[0])
    assert bucket.contents("run/") == {}


def test_a_run_that_another_has_claimed_is_left_alone(bucket, crawl, tiny_scorer, capsys):
    """By another machine, of which nothing can be seen; once its claim is removed the run may begin."""
    place = folder_claim(f"{bucket.url}/run")
    bucket.put("run/.unfinished/started", b"")
    claim = take_claim(place, "curate", runner="DataflowRunner")
    before = bucket.contents("run/")
    for more in ([], ["--overwrite"]):
        assert main([*flags(str(crawl), f"{bucket.url}/run", tiny_scorer), *more]) == 2
        said = capsys.readouterr().err
        assert f"if it has ended, remove {bucket.url}/run/.unfinished/claim.json" in said
        assert said.count("\n") == 1
    assert bucket.contents("run/") == before
    check_claim(place, claim.id)
    place.storage.delete(place.path)  # as a person would
    with own_folder("curate", f"{bucket.url}/run") as own:
        assert own.id != claim.id
    assert bucket.contents("run/") == {".unfinished/started": b""}


def test_a_finished_run_is_refused_and_another_folder_is_none(bucket, crawl, tiny_scorer, capsys):
    bucket.put("run/documents/old.parquet", b"")
    bucket.put("run/manifest.json", b"{}")
    assert main(flags(str(crawl), f"{bucket.url}/run", tiny_scorer)) == 2
    assert "holds a finished run" in capsys.readouterr().err
    assert main(["report", f"--run={bucket.url}/nothing"]) == 2
    assert f"{bucket.url}/nothing is not a finished run" in capsys.readouterr().err

"""The storage that people's decisions rest on, against the emulator with preconditions and faults."""

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.gcs import Fault
from wellspring.transforms.storage import cloud_storage
from wellspring.transforms.storage.cloud_storage import CloudStorage, CloudStorageError
from wellspring.transforms.storage.storage import Storage, open_storage

SMALL = b'{"decision": "approve"}'
NINE_MIB = os.urandom(9 << 20)  # goes up in a resumable way
SIZES = pytest.mark.parametrize("content", [SMALL, NINE_MIB], ids=["multipart", "resumable"])


@pytest.fixture
def run(bucket) -> CloudStorage:
    storage = open_storage(f"{bucket.url}/runs/one")
    assert isinstance(storage, CloudStorage)
    return storage


def is_upload(request) -> bool:
    return request.kind == "upload"


@pytest.mark.parametrize("where", ["local", "cloud"])
def test_local_and_cloud_are_the_same_storage(where, bucket, tmp_path):
    storage: Storage = open_storage(f"{bucket.url}/runs/one" if where == "cloud" else str(tmp_path / "run"))
    assert storage.files("decisions") == []
    with pytest.raises(FileNotFoundError):
        storage.read("decisions/a/1.json")
    storage.create("decisions/b/1.json", b"")
    storage.create("decisions/a/2.json", SMALL)
    storage.create("decisions/a/10.json", b"other")
    storage.create("decisions-of-others/x.json", b"")
    with pytest.raises(FileExistsError, match="is there already"):
        storage.create("decisions/a/2.json", b"second")
    assert storage.read("decisions/a/2.json") == SMALL
    assert storage.read("decisions/b/1.json") == b""
    assert storage.files("decisions") == ["decisions/a/10.json", "decisions/a/2.json", "decisions/b/1.json"]
    assert storage.files("decisions/a") == ["decisions/a/10.json", "decisions/a/2.json"]


@pytest.mark.parametrize("where", ["local", "cloud"])
def test_what_is_exchanged_is_what_was_read(where, bucket, tmp_path):
    storage: Storage = open_storage(f"{bucket.url}/runs/one" if where == "cloud" else str(tmp_path / "run"))
    assert not storage.exchange("a/claim", b"one", b"two")
    storage.create("a/claim", b"one")
    assert not storage.exchange("a/claim", b"other", b"two")
    assert not storage.exchange("a/claim", b"other", None)
    assert storage.read("a/claim") == b"one"
    assert storage.exchange("a/claim", b"one", b"two")
    assert storage.read("a/claim") == b"two"
    assert storage.files("") == ["a/claim"]
    assert storage.exchange("a/claim", b"two", None)
    assert storage.files("") == []


@pytest.mark.parametrize("kind", ["upload", "delete"])
@pytest.mark.parametrize("fault", [Fault(status=503), Fault(reset_before=True), Fault(reset_after=True)])
def test_an_exchange_whose_answer_is_lost_is_known_to_be_done(kind, fault, bucket, run):
    run.create("claim", b"one")
    injected = bucket.proxy.inject(fault, lambda request: request.kind == kind)
    assert run.exchange("claim", b"one", b"two" if kind == "upload" else None)
    assert injected.done == 1
    assert bucket.contents("runs/one/") == ({"claim": b"two"} if kind == "upload" else {})


def test_of_many_who_exchange_at_once_one_succeeds(bucket):
    CloudStorage(bucket.url).create("claim", b"stale")
    barrier = threading.Barrier(8)

    def race(number: int) -> bool:
        storage = CloudStorage(bucket.url)
        barrier.wait()
        return storage.exchange("claim", b"stale", str(number).encode())

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(race, range(8)))
    assert sum(done) == 1
    assert bucket.contents("claim")[""] == str(done.index(True)).encode()


def test_objects_lie_where_the_folder_says(bucket):
    CloudStorage(f"{bucket.url}/runs/one/").create("a/b.json", b"1")
    CloudStorage(bucket.url).create("c.json", b"2")
    assert bucket.contents() == {"runs/one/a/b.json": b"1", "c.json": b"2"}
    assert CloudStorage(bucket.url).files("") == ["c.json", "runs/one/a/b.json"]


def test_all_pages_of_a_listing_are_read(bucket, run):
    for i in range(7):
        bucket.put(f"runs/one/decisions/{i}", b"")
    bucket.put("runs/one/decisions/", b"")  # the console's sign for a folder
    bucket.proxy.page_size = 3
    assert run.files("decisions") == [f"decisions/{i}" for i in range(7)]
    assert sum(request.kind == "list" for request in bucket.proxy.requests) == 3


@pytest.mark.parametrize("same", [True, False], ids=["same content", "other content"])
def test_of_many_who_create_at_once_one_succeeds(same, bucket):
    """Even those who write the very same bytes: two people who decide alike are two people."""
    racers = 20
    barrier = threading.Barrier(racers)

    def race(number: int) -> int | None:
        storage = CloudStorage(bucket.url)
        barrier.wait()
        try:
            storage.create("decision.json", SMALL if same else str(number).encode())
        except FileExistsError:
            return None
        return number

    with ThreadPoolExecutor(racers) as pool:
        winners = [number for number in pool.map(race, range(racers)) if number is not None]
    assert len(winners) == 1
    assert bucket.contents() == {"decision.json": SMALL if same else str(winners[0]).encode()}


@SIZES
def test_a_lost_answer_is_no_refusal_of_ones_own_object(content, bucket, run):
    last = 2 if content is NINE_MIB else 1
    lost = bucket.proxy.inject(Fault(reset_after=True), is_upload, first=last)
    run.create("decision.json", content)
    assert (lost.done, lost.seen) == (1, last + 1)
    assert bucket.contents("runs/one/") == {"decision.json": content}
    with pytest.raises(FileExistsError):  # the same bytes, but another's
        CloudStorage(f"{bucket.url}/runs/one").create("decision.json", content)


def test_a_lost_answer_does_not_make_anothers_object_ones_own(bucket, run):
    bucket.put("runs/one/decision.json", SMALL)
    lost = bucket.proxy.inject(Fault(reset_after=True), is_upload)
    with pytest.raises(FileExistsError):
        run.create("decision.json", SMALL)
    assert (lost.done, lost.seen) == (1, 2)


def test_another_may_come_between_the_lost_request_and_the_next(bucket, run):
    def overtake(request) -> bool:
        if is_upload(request):
            bucket.put("runs/one/decision.json", b"another's")
        return is_upload(request)

    bucket.proxy.inject(Fault(reset_before=True), overtake)
    with pytest.raises(FileExistsError):
        run.create("decision.json", SMALL)
    assert bucket.contents("runs/one/") == {"decision.json": b"another's"}


def test_an_answer_that_comes_too_late_is_a_lost_one(bucket, run, monkeypatch):
    monkeypatch.setattr(cloud_storage, "TIMEOUT_SECONDS", 0.3)
    late = bucket.proxy.inject(Fault(seconds=0.8), is_upload)
    run.create("decision.json", SMALL)
    assert (late.done, late.seen) == (1, 2)
    assert bucket.contents("runs/one/") == {"decision.json": SMALL}


FAULTS = [
    Fault(status=429),
    Fault(status=503),
    Fault(reset_before=True),
    Fault(reset_after=True),
    Fault(cut=True),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_every_request_is_tried_again(fault, bucket, run):
    for number in range(3):
        bucket.put(f"runs/one/there/{number}", NINE_MIB[:1000])
    wrong = [
        bucket.proxy.inject(fault, lambda r, kind=kind: r.kind == kind)
        for kind in ("upload", "list", "download")
    ]
    run.create("new/one", SMALL)
    assert run.files("there") == ["there/0", "there/1", "there/2"]
    assert run.read("there/1") == NINE_MIB[:1000]
    assert [injection.done for injection in wrong] == [1, 1, 1]
    assert bucket.contents("runs/one/new/") == {"one": SMALL}


def test_the_question_whose_object_it_is_is_tried_again_too(bucket, run):
    bucket.proxy.inject(Fault(reset_after=True), is_upload)
    asked = bucket.proxy.inject(Fault(status=503), lambda r: r.kind == "object")
    run.create("decision.json", SMALL)
    assert (asked.done, asked.seen) == (1, 2)


@SIZES
def test_publishing_the_same_bytes_twice_is_harmless_and_other_bytes_are_an_error(content, bucket, run):
    run.create_same("part.parquet", content)
    generation = run._bucket.get_blob("runs/one/part.parquet").generation
    run.create_same("part.parquet", content)
    assert run._bucket.get_blob("runs/one/part.parquet").generation == generation
    with pytest.raises(FileExistsError, match="with other bytes"):
        run.create_same("part.parquet", content[:-1] + b"?")
    assert bucket.contents("runs/one/") == {"part.parquet": content}


def test_an_object_that_was_composed_is_compared_by_its_bytes(bucket, run):
    """It has no MD5 in Cloud Storage; the emulator gives it one, so the field is taken away here."""
    run.create_same("part", b"one")
    blob = run._create("part", b"")
    assert blob is not None
    blob._properties.pop("md5Hash")
    run._create = lambda path, content: blob
    run.create_same("part", b"one")
    with pytest.raises(FileExistsError, match="with other bytes"):
        run.create_same("part", b"two")


def test_replacing(bucket, run):
    run.replace("manifest.json", b"1")
    run.replace("manifest.json", b"2")
    assert bucket.contents("runs/one/") == {"manifest.json": b"2"}


ACTIONS = {
    "read": lambda storage: storage.read("a"),
    "create": lambda storage: storage.create("a", b""),
    "files": lambda storage: storage.files("a"),
}
EACH = pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)


def complaint(action, storage: CloudStorage) -> str:
    with pytest.raises(CloudStorageError) as raised:
        action(storage)
    message = str(raised.value)
    assert "\n" not in message
    return message


@EACH
def test_no_such_bucket(action, bucket):
    message = complaint(action, CloudStorage("gs://nobody-has-this/runs"))
    assert message.startswith("gs://nobody-has-this/runs/a: there is no bucket 'nobody-has-this'")


@EACH
def test_no_permission(action, bucket, run):
    bucket.proxy.inject(Fault(status=403), times=float("inf"))
    message = complaint(action, run)
    assert "permission denied (injected 403)" in message
    assert f"roles/storage.objectUser on {bucket.url}" in message


@EACH
def test_credentials_that_are_refused(action, bucket, run):
    bucket.proxy.inject(Fault(status=401), times=float("inf"))
    assert "gcloud auth application-default login" in complaint(action, run)


@EACH
def test_a_storage_that_never_answers_is_given_up(action, bucket, monkeypatch):
    monkeypatch.setattr(cloud_storage, "GIVE_UP_SECONDS", 0.5)
    fault = bucket.proxy.inject(Fault(status=503), times=float("inf"))
    message = complaint(action, CloudStorage(f"{bucket.url}/runs"))
    assert message.startswith(f"{bucket.url}/runs/a: given up after ")
    assert message.endswith(" s: injected 503")
    assert fault.done >= 1
    assert bucket.contents() == {}


def test_no_credentials(bucket, monkeypatch, tmp_path):
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "nothing.json"))
    assert "no usable Google credentials" in complaint(CloudStorage, f"{bucket.url}/runs")
    (tmp_path / "nothing.json").write_text(json.dumps({"type": "hearsay"}))
    assert "no usable Google credentials" in complaint(CloudStorage, f"{bucket.url}/runs")


@pytest.mark.parametrize("folder", ["gs://", "gs:///x", "s3://bucket/x", "/tmp/x"])
def test_a_folder_that_names_no_bucket(folder):
    with pytest.raises(CloudStorageError, match="write gs://bucket/folder"):
        CloudStorage(folder)

"""What the emulator tests rest on: the proxy keeps preconditions and really injects its faults."""

import os
import threading
import time
from collections.abc import Callable

import pytest
import requests
from google.api_core.exceptions import Forbidden, GoogleAPICallError, NotFound, PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from tests.integration.gcs import Fault

NINE_MIB = os.urandom(9 << 20)  # beyond 8 MiB the client uploads in a resumable way


@pytest.fixture
def through(bucket):
    """The test's bucket, through the proxy."""
    return storage.Client().bucket(bucket.name)


def around(bucket):
    client = storage.Client(
        project="test",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": bucket.proxy.emulator_url},
    )
    return client.bucket(bucket.name)


def upload(bucket, content: bytes = b"x", name: str = "one", **options: object) -> None:
    options.setdefault("retry", None)
    bucket.blob(name).upload_from_string(content, **options)


def is_upload(request) -> bool:
    return request.kind == "upload"


def test_without_the_proxy_both_would_have_got_through(bucket):
    upload(around(bucket), b"first", if_generation_match=0)
    upload(around(bucket), b"second", if_generation_match=0)
    assert bucket.contents() == {"one": b"second"}


@pytest.mark.parametrize("content", [b"multipart", NINE_MIB], ids=["multipart", "resumable"])
def test_create_only_if_absent(content, bucket, through):
    upload(through, content, if_generation_match=0)
    with pytest.raises(PreconditionFailed):
        upload(through, b"other" + content, if_generation_match=0)
    assert bucket.contents() == {"one": content}


def test_a_simple_upload_keeps_it_too(bucket):
    url = f"{bucket.proxy.url}/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=a%2Fb"
    assert requests.post(f"{url}&ifGenerationMatch=0", data=b"1", timeout=9).status_code == 200
    refused = requests.post(f"{url}&ifGenerationMatch=0", data=b"2", timeout=9)
    assert refused.status_code == 412
    assert refused.json()["error"]["errors"][0]["reason"] == "conditionNotMet"
    assert bucket.contents() == {"a/b": b"1"}


def test_replace_only_that_generation(bucket, through):
    upload(through, b"1")
    generation = through.get_blob("one").generation
    upload(through, b"2", if_generation_match=generation)
    with pytest.raises(PreconditionFailed):
        upload(through, b"3", if_generation_match=generation)
    assert bucket.contents() == {"one": b"2"}


def test_a_resumable_upload_that_was_overtaken_fails_at_its_end(bucket, through):
    resumable = through.blob("one", chunk_size=1 << 20)
    bucket.proxy.inject(Fault(seconds=0.5), lambda r: r.kind == "upload" and "upload_id" in r.query, first=2)
    overtaken = threading.Timer(0.1, bucket.put, ("one", b"faster"))
    overtaken.start()
    with pytest.raises(PreconditionFailed):
        resumable.upload_from_string(NINE_MIB, if_generation_match=0)
    overtaken.join()
    assert bucket.contents() == {"one": b"faster"}


def test_copies_and_deletes(bucket, through):
    upload(through, b"1", "from")
    upload(through, b"2", "to")
    source = through.get_blob("from")
    with pytest.raises(PreconditionFailed):
        through.copy_blob(source, through, "to", if_generation_match=0)
    with pytest.raises(PreconditionFailed):
        through.copy_blob(source, through, "new", if_source_generation_match=source.generation + 1)
    with pytest.raises(PreconditionFailed):
        through.blob("to").rewrite(source, if_generation_match=0)
    with pytest.raises(PreconditionFailed):
        through.delete_blob("to", if_generation_match=source.generation)
    assert bucket.contents() == {"from": b"1", "to": b"2"}
    through.copy_blob(source, through, "new", if_generation_match=0)
    through.delete_blob("to", if_generation_match=through.get_blob("to").generation)
    assert bucket.contents() == {"from": b"1", "new": b"1"}


@pytest.mark.parametrize("content", [b"multipart", NINE_MIB[: (8 << 20) + 1]], ids=["multipart", "resumable"])
def test_of_many_racing_threads_exactly_one_wins(content, bucket):
    racers = 20 if len(content) < 100 else 5
    results: list[object] = [None] * racers
    barrier = threading.Barrier(racers)

    def race(number: int) -> None:
        own = storage.Client().bucket(bucket.name)
        barrier.wait()
        try:
            upload(own, content + bytes([number]), if_generation_match=0)
            results[number] = number
        except GoogleAPICallError as error:
            results[number] = error.code

    threads = [threading.Thread(target=race, args=(number,)) for number in range(racers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [number for number, result in enumerate(results) if result == number]
    assert len(winners) == 1
    assert results.count(412) == racers - 1
    assert bucket.contents() == {"one": content + bytes(winners)}


def test_what_it_does_not_enforce_it_refuses(bucket, through):
    upload(through)
    with pytest.raises(GoogleAPICallError, match="doesn't enforce ifMetagenerationMatch"):
        through.get_blob("one", if_metageneration_match=7)
    with pytest.raises(GoogleAPICallError, match="precondition in a batch"), through.client.batch():
        through.delete_blob("one", if_generation_match=1)
    assert bucket.contents() == {"one": b"x"}


def test_all_bytes_come_back_as_they_went(bucket, through):
    content = bytes(range(256)) * 5 + b"\r\n--==\r\n\r\n" + os.urandom(10_000) + b"\r\n"
    upload(through, content)
    assert through.blob("one").download_as_bytes() == content == bucket.contents()["one"]
    assert through.blob("one").download_as_bytes(start=3, end=99) == content[3:100]
    with pytest.raises(GoogleAPICallError, match="416"):
        through.blob("one").download_as_bytes(start=len(content))


def test_listings_come_in_pages(bucket, through):
    names = [f"a/{i}" for i in range(5)] + ["a/b/c", "a/d/e"]
    for name in names:
        bucket.put(name, b"")
    bucket.proxy.page_size = 2
    assert [blob.name for blob in through.list_blobs(prefix="a/")] == sorted(names)
    listing = through.list_blobs(prefix="a/", delimiter="/")
    assert [blob.name for blob in listing] == [f"a/{i}" for i in range(5)]
    assert listing.prefixes == {"a/b/", "a/d/"}
    assert sum(r.kind == "list" for r in bucket.proxy.requests) == 8


def test_what_is_not_there_is_named(bucket, through):
    with pytest.raises(NotFound, match="No such object"):
        through.blob("a/b").download_as_bytes()
    with pytest.raises(NotFound, match="bucket does not exist"):
        upload(storage.Client().bucket("no-such-bucket"))


@pytest.mark.parametrize("status", [403, 429, 503])
def test_a_status_does_not_reach_the_store(status, bucket, through):
    injection = bucket.proxy.inject(Fault(status=status), is_upload)
    with pytest.raises(GoogleAPICallError) as raised:
        upload(through)
    assert raised.value.code == status
    assert bucket.contents() == {}
    upload(through)
    assert (injection.seen, injection.done) == (2, 1)


@pytest.mark.parametrize(
    ("fault", "stored"),
    [(Fault(reset_before=True), {}), (Fault(reset_after=True), {"one": b"x"})],
    ids=["before", "after"],
)
def test_a_reset_before_the_store_and_after_it(fault, stored, bucket, through):
    injection = bucket.proxy.inject(fault, is_upload)
    with pytest.raises(requests.ConnectionError, match="Connection reset|Connection aborted"):
        upload(through)
    assert injection.done == 1
    assert bucket.contents() == stored


def test_an_answer_that_is_cut_and_one_that_is_slow(bucket, through):
    bucket.put("one", b"0123456789")

    def download() -> bytes:
        return through.blob("one").download_as_bytes(retry=None)

    bucket.proxy.inject(Fault(cut=True), lambda r: r.kind == "download")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        download()
    bucket.proxy.inject(Fault(seconds=0.3), lambda r: r.kind == "download")
    assert took(download) > 0.3 > took(download)


def took(action: Callable[[], object]) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started


def test_a_copy_that_fails_alone_or_in_a_rename_of_beam(bucket, through):
    from apache_beam.io.filesystem import BeamIOError
    from apache_beam.io.filesystems import FileSystems

    bucket.put("from", b"1")
    injection = bucket.proxy.inject(Fault(status=403), lambda r: r.copies, times=2)
    with pytest.raises(Forbidden):
        through.copy_blob(through.blob("from"), through, "to")
    with pytest.raises((BeamIOError, Forbidden)):
        FileSystems.rename([f"{bucket.url}/from"], [f"{bucket.url}/to"])
    assert injection.done == 2
    assert bucket.contents() == {"from": b"1"}
    FileSystems.rename([f"{bucket.url}/from"], [f"{bucket.url}/to"])
    assert bucket.contents() == {"to": b"1"}


def test_faults_strike_from_the_nth_match_on_and_no_other(bucket, through):
    injection = bucket.proxy.inject(Fault(status=503), is_upload, first=2, times=2)
    outcomes = []
    for number in range(4):
        try:
            upload(through, name=str(number))
            outcomes.append("stored")
        except GoogleAPICallError as error:
            outcomes.append(error.code)
        through.get_blob("0")
    assert outcomes == ["stored", 503, 503, "stored"]
    assert (injection.seen, injection.done) == (4, 2)


@pytest.mark.parametrize("fault", [Fault(reset_before=True), Fault(reset_after=True), Fault(status=503)])
@pytest.mark.parametrize("first", [1, 2, 5, 10])
def test_a_resumable_upload_goes_on_where_it_was(fault, first, bucket, through):
    """Each of its requests fails once in turn: the start, a piece, the last piece."""
    injection = bucket.proxy.inject(fault, is_upload, first=first)
    through.blob("one", chunk_size=1 << 20).upload_from_string(NINE_MIB, if_generation_match=0)
    assert injection.done == 1
    assert bucket.contents() == {"one": NINE_MIB}


def test_beam_comes_at_once_with_credentials_and_reads_through_the_proxy(bucket):
    from apache_beam.io.filesystems import FileSystems

    bucket.put("folder/one", b"1" * 1000)
    started = time.monotonic()
    matched = FileSystems.match([f"{bucket.url}/folder/*"])[0].metadata_list
    assert [metadata.path for metadata in matched] == [f"{bucket.url}/folder/one"]
    assert time.monotonic() - started < 10
    cut = bucket.proxy.inject(Fault(cut=True), lambda request: request.kind == "download")
    with FileSystems.open(f"{bucket.url}/folder/one") as file:
        assert file.read() == b"1" * 1000
    assert (cut.done, cut.seen) == (1, 2)
    assert {r.headers["Authorization"] for r in bucket.proxy.requests} == {"Bearer a-token-of-the-tests"}

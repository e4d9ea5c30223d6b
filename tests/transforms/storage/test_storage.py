"""A local folder as storage: whole files, the first one wins. Buckets: tests/integration."""

import errno
import threading

import pytest

from wellspring.transforms.storage.storage import open_storage


def test_a_file_is_created_once_read_and_listed(tmp_path):
    storage = open_storage(str(tmp_path))
    storage.create("a/b/1.json", b"one")
    storage.create("a/2.json", b"two")
    assert storage.read("a/b/1.json") == b"one"
    assert storage.files("a") == ["a/2.json", "a/b/1.json"]
    assert storage.files("") == storage.files("a")
    assert storage.files("nothing") == []
    with pytest.raises(FileExistsError):
        storage.create("a/b/1.json", b"other")
    assert storage.read("a/b/1.json") == b"one"
    with pytest.raises(FileNotFoundError):
        storage.read("a/3.json")


def test_of_many_who_create_the_same_file_one_succeeds(tmp_path):
    writers = 16
    start = threading.Barrier(writers)
    won: list[int] = []

    def create(number: int) -> None:
        storage = open_storage(str(tmp_path))
        start.wait()
        try:
            storage.create("decisions/1.json", f"{number}".encode() * 10_000)
        except FileExistsError:
            return
        won.append(number)

    threads = [threading.Thread(target=create, args=(n,)) for n in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert open_storage(str(tmp_path)).read("decisions/1.json") == f"{won[0]}".encode() * 10_000
    assert [p.name for p in (tmp_path / "decisions").iterdir()] == ["1.json"]


def test_what_a_killed_writer_left_is_no_file_and_is_swept_away(tmp_path):
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / ".1.json.0123").write_bytes(b"half")
    storage = open_storage(str(tmp_path))
    assert storage.files("releases") == []
    storage.create("releases/1.json", b"whole")
    assert [p.name for p in (tmp_path / "releases").iterdir()] == ["1.json"]


def test_a_file_system_without_links_and_locks_will_do(tmp_path, monkeypatch):
    def refused(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("os.link", refused)
    monkeypatch.setattr("fcntl.flock", refused)
    storage = open_storage(str(tmp_path))
    storage.create("1.json", b"one")
    with pytest.raises(FileExistsError):
        storage.create("1.json", b"two")
    assert storage.exchange("1.json", b"one", b"two")
    assert storage.read("1.json") == b"two"
    assert [p.name for p in tmp_path.iterdir()] == ["1.json"]

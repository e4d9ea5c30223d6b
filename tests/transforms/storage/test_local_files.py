"""What people write for local files, and what they mean by it."""

import os
import socket
from pathlib import Path

import pytest

from wellspring.transforms.storage.find_files import expand, expand_all, find, same_file_key
from wellspring.transforms.storage.open_files import is_permanent, open_binary


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


TREE = ("a.jsonl", "b.jsonl", "c.txt", "in/d.jsonl", "in/deep/e.jsonl", "in/f.parquet")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.jsonl", ["a.jsonl", "b.jsonl"]),
        ("./*.jsonl", ["./a.jsonl", "./b.jsonl"]),
        ("**/*.jsonl", ["a.jsonl", "b.jsonl", "in/d.jsonl", "in/deep/e.jsonl"]),
        ("**.jsonl", ["a.jsonl", "b.jsonl", "in/d.jsonl", "in/deep/e.jsonl"]),
        ("in/**", ["in/d.jsonl", "in/deep/e.jsonl", "in/f.parquet"]),
        ("in/**/*.jsonl", ["in/d.jsonl", "in/deep/e.jsonl"]),
        ("*/d.jsonl", ["in/d.jsonl"]),
        ("[ab].jsonl", ["a.jsonl", "b.jsonl"]),
        ("[!a].jsonl", ["b.jsonl"]),
        ("?.jsonl", ["a.jsonl", "b.jsonl"]),
        ("in", ["in/d.jsonl", "in/deep/e.jsonl", "in/f.parquet"]),
        ("in/", ["in/d.jsonl", "in/deep/e.jsonl", "in/f.parquet"]),
        (".", ["./a.jsonl", "./b.jsonl", "./c.txt", "./in/d.jsonl", "./in/deep/e.jsonl", "./in/f.parquet"]),
        ("in/../a.jsonl", ["in/../a.jsonl"]),
        ("i*", ["in/d.jsonl", "in/deep/e.jsonl", "in/f.parquet"]),
        ("*/deep", ["in/deep/e.jsonl"]),
    ],
)
def test_patterns_start_from_the_current_folder(
    pattern: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, *TREE)
    monkeypatch.chdir(tmp_path)
    assert expand(pattern) == expected
    monkeypatch.chdir("/")
    assert expand(pattern, str(tmp_path)) == expected
    absolute = [f"{tmp_path}/{path}" for path in expected]
    assert expand(f"{tmp_path}/{pattern}") == absolute


@pytest.mark.parametrize(
    "pattern", ["*.parquet", "none/*.jsonl", "none", "a.jsonl/x", "**/none", "", "in/x*/y", "x\0"]
)
def test_what_matches_nothing_is_said(pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, *TREE)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="no file matches"):
        expand(pattern)


def test_home_is_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a.jsonl")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert expand("~/*.jsonl") == [f"{tmp_path}/a.jsonl"]
    make(tmp_path, "~/b.jsonl")
    assert expand("~/b.jsonl") == ["~/b.jsonl"]


@pytest.mark.parametrize(
    "pattern", ["dir[1]", "dir[1]/*.jsonl", "dir[1]/**", "dir[1]/a.jsonl", "d*[1]/a.jsonl"]
)
def test_a_name_with_brackets_that_is_there_is_meant(pattern: str, tmp_path: Path) -> None:
    make(tmp_path, "dir[1]/a.jsonl", "dir1/no.jsonl")
    assert expand(f"{tmp_path}/{pattern}") == [f"{tmp_path}/dir[1]/a.jsonl"]


def test_brackets_that_list_nothing_stand_for_themselves(tmp_path: Path) -> None:
    make(tmp_path, "part[1]-a.jsonl", "part[2]-a.jsonl", "deep/x[3].jsonl")
    assert expand(f"{tmp_path}/part[1]*.jsonl") == [f"{tmp_path}/part[1]-a.jsonl"]
    assert expand(f"{tmp_path}/**/x[3].jsonl") == [f"{tmp_path}/deep/x[3].jsonl"]


def test_a_folder_as_spark_and_hive_leave_it(tmp_path: Path) -> None:
    make(
        tmp_path,
        "out/date=2026-11-01/lang=en/part-0.parquet",
        "out/_lang=de/part-0.parquet",
        "out/_SUCCESS",
        "out/.part-0.parquet.crc",
        "out/_temporary/0/part-1.parquet",
        "out/date=2026-11-01/.hidden/x.jsonl",
        "out/part.jsonl.unfinished",
        "out/README.md",
    )
    paths, remarks = find(f"{tmp_path}/out")
    assert [path.removeprefix(f"{tmp_path}/out/") for path in paths] == [
        "README.md",
        "_lang=de/part-0.parquet",
        "date=2026-11-01/lang=en/part-0.parquet",
    ]
    assert len(remarks) == 1
    assert remarks[0].startswith("passed over: ")
    assert remarks[0].endswith(" and 4 more")


def test_wildcards_mean_no_hidden_file_unless_they_say_so(tmp_path: Path) -> None:
    make(tmp_path, "a.jsonl", "._a.jsonl", ".b.jsonl", "_c.jsonl")
    paths, remarks = find(f"{tmp_path}/*.jsonl")
    assert paths == [f"{tmp_path}/_c.jsonl", f"{tmp_path}/a.jsonl"]
    assert remarks == [f"passed over: {tmp_path}/._a.jsonl and 1 more"]
    assert expand(f"{tmp_path}/.*.jsonl") == [f"{tmp_path}/._a.jsonl", f"{tmp_path}/.b.jsonl"]
    assert expand(f"{tmp_path}/.b.jsonl") == [f"{tmp_path}/.b.jsonl"]


def test_a_folder_with_a_files_name_is_its_parts(tmp_path: Path) -> None:
    make(tmp_path, "a.jsonl", "b.jsonl/part-0.jsonl", "b.jsonl/_SUCCESS", "old/c.jsonl")
    assert expand(f"{tmp_path}/*.jsonl") == [f"{tmp_path}/a.jsonl", f"{tmp_path}/b.jsonl/part-0.jsonl"]
    paths, remarks = find(f"{tmp_path}/*")
    assert paths == [f"{tmp_path}/a.jsonl", f"{tmp_path}/b.jsonl/part-0.jsonl"]
    assert any(f"{tmp_path}/old" in remark for remark in remarks)
    assert expand(f"{tmp_path}/**/*.jsonl") == [
        f"{tmp_path}/a.jsonl",
        f"{tmp_path}/b.jsonl/part-0.jsonl",
        f"{tmp_path}/old/c.jsonl",
    ]


def test_links_are_followed_and_loops_end(tmp_path: Path) -> None:
    make(tmp_path, "in/a.jsonl", "away/b.jsonl")
    (tmp_path / "in/loop").symlink_to("..")
    (tmp_path / "in/again").symlink_to(".")
    (tmp_path / "in/away").symlink_to("../away")
    (tmp_path / "in/away-too").symlink_to("../away")
    paths, remarks = find(f"{tmp_path}/in")
    assert paths == [f"{tmp_path}/in/a.jsonl", f"{tmp_path}/in/away/b.jsonl"]
    assert "leads back" in remarks[0]
    assert expand(f"{tmp_path}/in/**/*.jsonl") == paths
    assert expand(f"{tmp_path}/*/b.jsonl") == [f"{tmp_path}/away/b.jsonl"]
    (tmp_path / "latest").symlink_to("away")
    assert expand(f"{tmp_path}/*/b.jsonl") == [f"{tmp_path}/away/b.jsonl"]


def test_what_can_not_be_read_is_found_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a.jsonl")
    (tmp_path / "dangling.jsonl").symlink_to("gone")
    (tmp_path / "self.jsonl").symlink_to("self.jsonl")
    os.mkfifo(tmp_path / "fifo.jsonl")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.jsonl")
    names = ["a.jsonl", "dangling.jsonl", "fifo.jsonl", "self.jsonl", "socket.jsonl"]
    assert expand("*.jsonl") == names == [path.removeprefix("./") for path in expand(".")]
    for name in names[1:]:
        with pytest.raises(OSError, match=name) as raised:
            open_binary(name)
        assert is_permanent(raised.value)


def test_a_folder_that_can_not_be_listed_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As another user would meet it: root may list all."""
    make(tmp_path, "in/a.jsonl", "in/shut/b.jsonl")
    listdir = os.listdir

    def shut(path: str) -> list[str]:
        if str(path).rstrip("/").endswith("shut"):
            raise PermissionError(13, "Permission denied", path)
        return listdir(path)

    monkeypatch.setattr(os, "listdir", shut)
    for pattern in ("in", "in/**/*.jsonl", "in/*/*.jsonl"):
        found = expand(f"{tmp_path}/{pattern}")
        assert found[-1] == f"{tmp_path}/in/shut/", pattern
    with pytest.raises(PermissionError, match="shut"):
        open_binary(f"{tmp_path}/in/shut/")


def test_a_run_is_its_documents(tmp_path: Path) -> None:
    make(tmp_path, "run/manifest.json", "run/report.html", "run/documents/provenance=x/part-0.parquet")
    make(tmp_path, "run/rejects/part-0.parquet", "run/hold/batch=1/documents.parquet", "a.jsonl")
    documents = f"{tmp_path}/run/documents/provenance=x/part-0.parquet"
    paths, remarks = find(f"{tmp_path}/run")
    assert paths == [documents]
    assert remarks == [f"{tmp_path}/run is a finished run: its documents/ are read"]
    assert expand(str(tmp_path)) == [f"{tmp_path}/a.jsonl", documents]


def test_an_unfinished_run_and_an_anchor_set_are_no_input(tmp_path: Path) -> None:
    make(tmp_path, "in/a.jsonl", "in/run/.unfinished/started", "in/run/documents/part-0.parquet")
    make(tmp_path, "in/anchor/versions/0001/version.json", "in/anchor/versions/0001/documents-00000.parquet")
    for folder, why in (("run", "isn't finished"), ("anchor", "anchor set")):
        with pytest.raises(FileNotFoundError, match=why):
            expand(f"{tmp_path}/in/{folder}")
    paths, remarks = find(f"{tmp_path}/in")
    assert paths == [f"{tmp_path}/in/a.jsonl"]
    assert len(remarks) == 2
    with pytest.raises(FileNotFoundError, match="isn't finished"):
        expand(f"{tmp_path}/in/run/**/*.parquet")


def test_names_that_are_not_utf_8_are_written_and_opened(tmp_path: Path) -> None:
    for name in (b"bad\xff.jsonl", b"back\\x41.jsonl", b"back\\slash.jsonl", "\u00e9.jsonl".encode()):
        (tmp_path / os.fsdecode(name)).write_bytes(name)
    found = expand(f"{tmp_path}/*.jsonl")
    names = [path.removeprefix(f"{tmp_path}/") for path in found]
    assert names == [r"back\\x41.jsonl", r"back\slash.jsonl", r"bad\xff.jsonl", "\u00e9.jsonl"]
    for path in found:
        path.encode()
        with open_binary(path) as stream:
            content = stream.read()
        assert os.fsencode(tmp_path) + b"/" + content == os.fsencode(_name_of(path))
    assert expand(found[2]) == [found[2]]  # as a manifest has it
    assert expand(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.jsonl")) == [found[2]]
    (tmp_path / "list.paths").write_bytes(os.fsencode(tmp_path) + b"/bad\xff.jsonl\n")
    assert list(expand_all([f"{tmp_path}/list.paths"])) == [found[2]]
    assert same_file_key(found[2]) == found[2]


def _name_of(path: str) -> str:
    from wellspring.transforms.storage.file_names import file_name

    return file_name(path)


def test_a_file_url_is_a_local_name(tmp_path: Path) -> None:
    make(tmp_path, "a b.jsonl")
    assert expand(f"file://{tmp_path}/a%20b.jsonl") == [f"{tmp_path}/a b.jsonl"]

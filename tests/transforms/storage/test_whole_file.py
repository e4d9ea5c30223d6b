"""Files appear whole; links, devices and pipes stay what they are."""

import os
import stat
import subprocess
import sys
import threading

import pytest

from wellspring.transforms.storage.whole_file import (
    OutputIsInputError,
    check_no_input,
    is_standard_output,
    takes_its_place,
    whole_file,
    write_whole,
)


def test_a_new_file_is_whole_and_has_the_mode_of_any_new_file(tmp_path):
    before = os.umask(0o027)
    try:
        with whole_file(tmp_path / "a") as file:
            file.write(b"con")
            assert not (tmp_path / "a").exists()
            file.write(b"tent")
    finally:
        os.umask(before)
    assert (tmp_path / "a").read_bytes() == b"content"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), whole_file(tmp_path / "a") as file:
        file.write(b"new")
        raise KeyboardInterrupt
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a").write_bytes(b"old")
    (tmp_path / "real/a").chmod(0o604)
    (tmp_path / "link").symlink_to("real/a")
    (tmp_path / "dangling").symlink_to("real/new")
    write_whole(tmp_path / "link", b"new")
    write_whole(tmp_path / "dangling", b"newer")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "dangling").is_symlink()
    assert (tmp_path / "real/a").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "real/a").stat().st_mode) == 0o604
    assert (tmp_path / "real/new").read_bytes() == b"newer"


def test_a_pipe_is_written_to(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_whole(tmp_path / "pipe", b"through")
    reader.join()
    assert read == [b"through"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert not takes_its_place(tmp_path / "pipe")


def test_a_device_stays_one(tmp_path):
    (tmp_path / "null").symlink_to("/dev/null")
    for path in ("/dev/null", tmp_path / "null"):
        write_whole(path, b"gone")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)  # noqa: PTH116
    assert (tmp_path / "null").is_symlink()


WRITE = """
import sys
from wellspring.transforms.storage.whole_file import is_standard_output, write_whole
print("before")
write_whole(sys.argv[1], b"content\\n")
print("after")
"""


def run(output: str, **kind) -> None:
    subprocess.run([sys.executable, "-c", WRITE, output], check=True, **kind)


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_is_written_to_in_its_turn(name, tmp_path):
    done = subprocess.run([sys.executable, "-c", WRITE, name], check=True, capture_output=True)
    assert done.stdout == b"before\ncontent\nafter\n"
    log = tmp_path / "log"
    log.write_bytes(b"kept\n")
    with log.open("ab") as file:
        run(name, stdout=file)
    assert log.read_bytes() == b"kept\nbefore\ncontent\nafter\n"


def test_the_file_that_standard_output_leads_to_is_not_replaced(tmp_path):
    log = tmp_path / "log"
    with log.open("wb") as file:
        run(str(log), stdout=file)
    assert log.read_bytes() == b"before\ncontent\nafter\n"


def test_another_descriptor_is_written_to_where_it_is(tmp_path):
    log = tmp_path / "log"
    log.write_bytes(b"kept\n")
    with log.open("ab") as file:
        run(f"/dev/fd/{file.fileno()}", stdout=subprocess.DEVNULL, pass_fds=[file.fileno()])
    assert log.read_bytes() == b"kept\ncontent\n"


def test_only_standard_output_is_standard_output(tmp_path):
    assert is_standard_output("-")
    assert not is_standard_output(tmp_path / "-")
    assert not is_standard_output("gs://bucket/-")


def test_an_output_that_is_an_input_is_refused_under_any_name(tmp_path):
    text = tmp_path / "text"
    text.write_bytes(b"a year of work")
    (tmp_path / "link").symlink_to("text")
    (tmp_path / "hard").hardlink_to(text)
    (tmp_path / "folder").symlink_to(tmp_path)
    for name in ("text", "link", "hard", "folder/text"):
        with pytest.raises(OutputIsInputError, match=r"what is read.*: write to another file"):
            write_whole(tmp_path / name, b"", [tmp_path / "none", text])
    with pytest.raises(OutputIsInputError):
        check_no_input("gs://bucket/a", ["gs://bucket/a"])
    assert text.read_bytes() == b"a year of work"
    check_no_input(tmp_path / "new", [text, tmp_path / "none"])
    check_no_input("/dev/null", ["/dev/null"])
    check_no_input("gs://bucket/a", [text, "gs://bucket/b", "-"])


def test_what_can_not_be_written_names_the_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="none/a"):
        write_whole(tmp_path / "none/a", b"")
    with pytest.raises(IsADirectoryError, match=tmp_path.name):
        write_whole(tmp_path, b"")

"""For the tests of forgetting: all that a folder holds, read by nobody's code, and a process that dies."""

import contextlib
import gzip
import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq

WHO = ["--by=ann", "--reason=asked by its author"]


def stop_the_clock(monkeypatch, year: int = 2026) -> None:
    """All calls are made at one time, so that whole folders can be compared."""

    class Still(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(year, 11, 24, tzinfo=UTC)

    monkeypatch.setattr("wellspring.schemas.encoding.datetime", Still)


def files(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def holding(folder: Path, *said: str | bytes) -> list[str]:
    """The files in which any of that stands: in their bytes, unpacked, or in a row of theirs."""
    wanted = [one if isinstance(one, bytes) else one.encode() for one in said]
    found = []
    for name, content in files(folder).items():
        seen = [content]
        if name.endswith(".gz"):
            seen.append(gzip.decompress(content))
        if name.endswith(".parquet"):
            rows = pq.read_table(folder / name, partitioning=None).to_pylist()
            seen += [str(value).encode() for row in rows for value in row.values()]
        if any(one in content for one in wanted for content in seen):
            found.append(name)
    return found


def begun(contents: dict[str, bytes]) -> bool:
    """Whether a removal is settled or done: before that nothing of a folder may have changed."""
    commit = contents.get(".unfinished/forget.commit", b"{}")
    return bool(json.loads(commit).get("settled")) or any(path.startswith("forgotten/") for path in contents)


def at_rest(contents: dict[str, bytes]) -> dict[str, bytes]:
    """Without what is being written."""
    return {path: content for path, content in contents.items() if not path.startswith(".unfinished/")}


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


@contextlib.contextmanager
def killed_at(monkeypatch, step: int) -> Iterator[list[int]]:
    """Dies before that many changes of the file system; the list holds one entry where it did."""
    died: list[int] = []
    left = step

    def dying(change):
        def instead(*args, **keywords):
            nonlocal left
            if left == 0:
                died.append(step)
                raise Killed
            left -= 1
            return change(*args, **keywords)

        return instead

    with monkeypatch.context() as patched:
        for where, name in (
            (os, "fsync"),
            (os, "link"),
            (Path, "replace"),
            (Path, "unlink"),
            (shutil, "rmtree"),
        ):
            patched.setattr(where, name, dying(getattr(where, name)))
        with contextlib.suppress(Killed):
            yield died

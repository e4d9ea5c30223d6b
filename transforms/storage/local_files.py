"""The local files that a person names: by name, by pattern, by folder.

A name that exists is taken as it is, whatever characters it has; so is each part of a pattern. `*`, `?` and
`[...]` match within one part, `**` over any number of folders, none too. A folder stands for what is in it at
any depth, a finished run for its documents. Links to folders are followed, each folder once.

What can't be read (a dangling link, a pipe, a folder without permission) is named like any other file: who
opens it says why. What is passed over (hidden files, what other programs leave beside their output) is said.
"""

import errno
import functools
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from wellspring.transforms.formats.detect import format_by_name
from wellspring.transforms.storage.storage import UNFINISHED

WILDCARD = re.compile(r"[*?\[]")
_LEFT_OVER = (".crc", UNFINISHED, "._COPYING_")
_MANIFEST = "manifest.json"
_DOCUMENTS = "documents"
_FIRST_ANCHOR_VERSION = "versions/0001/version.json"


class Found(NamedTuple):
    """Files, sorted; and what there is to say of them, a line each."""

    paths: list[str]
    remarks: list[str]


def has_wildcard(name: str) -> bool:
    """Whether a name may be a pattern."""
    return WILDCARD.search(name) is not None


def find_local(pattern: str, base: str = "") -> Found:
    """The local files that a name, a pattern or a folder stands for, spelled as it is.

    Args:
        base: folder that relative names start from; the current one if it isn't given.

    Raises:
        FileNotFoundError: there is none; the message says what there is instead.
    """
    search = _Search(base)
    if not pattern:
        found = []
    elif search.is_there(pattern):
        found = search.folder(pattern) if search.is_folder(pattern) else [pattern]
    else:
        found = search.matched(pattern) or search.matched(pattern, brackets=False)
    remarks = search.remarks()
    if not found:
        raise no_file(pattern, remarks)
    return Found(sorted(set(found)), remarks)


def no_file(pattern: str, remarks: Sequence[str]) -> FileNotFoundError:
    """The error for a pattern that stands for no file."""
    return FileNotFoundError(f"no file matches {pattern!r}" + (f": {'; '.join(remarks)}" if remarks else ""))


def is_finished_run(names: Iterable[str]) -> bool:
    """Whether what lies in a folder is what a finished run, or a training set, has there."""
    return {_MANIFEST, _DOCUMENTS} <= set(names) or {_MANIFEST, "report.html"} <= set(names)


def is_left_over(name: str) -> bool:
    """Whether a name is hidden, or of what programs leave beside their output: no wildcard means it."""
    return name.startswith(".") or name.endswith(_LEFT_OVER) or name == "_SUCCESS"


def is_marker(name: str) -> bool:
    """The same in a folder, where a name that begins with `_` says so, too, as for Spark and Hadoop."""
    return is_left_over(name) or (name.startswith("_") and "=" not in name)


@functools.lru_cache
def wildcard(pattern: str, *, brackets: bool = True) -> re.Pattern[str]:
    """A pattern as a regular expression for the whole of a path.

    Args:
        brackets: whether they list characters, or stand for themselves.
    """
    parts, i = [], 0
    while i < len(pattern):
        rest = pattern[i:]
        listed = re.match(r"\[(!?)(\]?[^\]/]*)\]", rest) if brackets else None
        if rest.startswith("**/") and (i == 0 or pattern[i - 1] == "/"):
            parts.append("(?:.*/)?")
            i += 3
        elif rest.startswith("**"):
            parts.append(".*")
            i += 2
        elif listed and listed[2]:
            inside = listed[2].replace("\\", r"\\").replace("[", r"\[").replace("^", r"\^")
            inside = re.sub(r"([&~|])(?=\1)", r"\\\1", inside).replace("]", r"\]")
            parts.append(f"(?!/)[{'^' if listed[1] else ''}{inside}]")
            i += listed.end()
        else:
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(rest[0]) or re.escape(rest[0]))
            i += 1
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error:  # a range that runs backwards lists nothing
        return wildcard(pattern, brackets=False)


def passed_over(paths: Sequence[str]) -> list[str]:
    """What is said of files that are passed over."""
    if not paths:
        return []
    more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
    return [f"passed over: {min(paths)}{more}"]


def matching(names: Iterable[str], pattern: str, *, brackets: bool = True) -> list[str]:
    """The names that a pattern matches; if none does, those that have its brackets in them."""
    names = list(names)
    found = [name for name in names if wildcard(pattern, brackets=brackets).fullmatch(name)]
    if not found and "[" in pattern:
        found = [name for name in names if wildcard(pattern, brackets=False).fullmatch(name)]
    return found


class _Search:
    """One search, with what it has to say."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._passed: list[str] = []
        self._said: list[str] = []
        self._brackets = True
        self._unlisted: set[str] = set()
        """Folders that might hold more; who opens one is told why it can't be listed."""

    def is_there(self, path: str) -> bool:
        """Raises:
        OSError: its folder doesn't let that be seen.
        """
        try:
            os.lstat(self._at(path))
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return False
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:  # as a pattern may be
                raise
            return False
        return True

    def is_folder(self, path: str) -> bool:
        return os.path.isdir(self._at(path))  # noqa: PTH112  a Path loses what the spelling is

    def remarks(self) -> list[str]:
        return [*dict.fromkeys(self._said), *passed_over(sorted(set(self._passed)))]

    def matched(self, pattern: str, *, brackets: bool = True) -> list[str]:
        """The files that a pattern matches, whose brackets list characters or stand for themselves."""
        self._brackets = brackets
        prefixes = [""]
        *folders, last = pattern.split("/")
        for i, part in enumerate(folders):
            if "**" in part:
                rest = "/".join([*folders[i:], last])
                return self._files_of([path for prefix in prefixes for path in self._below(prefix, rest)])
            if part in ("", ".", ".."):
                prefixes = [f"{prefix}{part}/" for prefix in prefixes]
            else:
                named = [path for prefix in prefixes for path in self._named(prefix, part)]
                prefixes = [f"{path}/" for path in self._once(named)]
        if "**" in last:
            return self._files_of([path for prefix in prefixes for path in self._below(prefix, last)])
        if last in ("", ".", ".."):
            return self._files_of([prefix + last for prefix in prefixes if self.is_there(prefix)])
        return self._files_of([path for prefix in prefixes for path in self._named(prefix, last)])

    def folder(self, folder: str) -> list[str]:
        """The files that a folder stands for."""
        prefix = f"{folder.rstrip('/')}/"
        return [prefix + path for path in self._walk(prefix, is_marker)]

    def _at(self, path: str) -> str:
        return os.path.join(self._base, path) if self._base else path or "."  # noqa: PTH118

    def _named(self, prefix: str, part: str) -> list[str]:
        """What lies in a folder under a name that one part of a pattern matches."""
        try:
            if self.is_there(prefix + part):
                return [prefix + part]
            if not has_wildcard(part):
                return []
            names = os.listdir(self._at(prefix))  # noqa: PTH208
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError:
            self._unlisted.add(prefix)
            return []
        found = matching(names, part, brackets=self._brackets)
        if not part.startswith("."):
            self._passed += [prefix + name for name in found if is_left_over(name)]
            found = [name for name in found if not is_left_over(name)]
        return [prefix + name for name in found]

    def _once(self, paths: Iterable[str]) -> list[str]:
        """The folders among paths, each under one name: links come last."""
        folders = sorted(filter(self.is_folder, paths), key=lambda path: (self._is_link(path), path))
        seen: set[tuple[int, int] | None] = set()
        return [folder for folder in folders if self._is_new(folder, seen) or not self._is_link(folder)]

    def _files_of(self, matches: list[str]) -> list[str]:
        """The files among what a pattern matches, and those in folders that have a file's name, as Spark
        writes them; in all folders if only folders match.
        """
        folders = [path for path in matches if self.is_folder(path)]
        files = [path for path in matches if not self.is_folder(path)]
        all_folders = not files
        files += self._unlisted
        for folder in folders:
            if all_folders or format_by_name(PurePosixPath(folder).name):
                files += self.folder(folder)
            else:
                self._said.append(f"passed over: the folder {folder} ({folder}/** is what is in it)")
        return files

    def _below(self, prefix: str, pattern: str) -> list[str]:
        """What lies under a folder and matches a pattern that begins with `**`."""
        hidden = "/." in f"/{pattern}"
        lying = list(self._walk(prefix, (lambda _: False) if hidden else is_left_over, pattern))
        return [prefix + path for path in matching(lying, pattern, brackets=self._brackets)]

    def _walk(self, prefix: str, passes: Callable[[str], bool], pattern: str = "") -> Iterator[str]:
        """What lies under a folder, each folder once; a folder that can't be listed is one file of it.

        Args:
            passes: which names are passed over.
            pattern: what is looked for; "" for all that a folder stands for.
        """
        seen: set[tuple[int, int] | None] = set()
        above = Path(os.path.realpath(self._at(prefix))).parents
        loops = {self._identity(str(folder)) for folder in above}
        waiting, links = [""], list[str]()
        while waiting or links:
            folder = waiting.pop() if waiting else links.pop(0)
            if not self._is_new(prefix + folder, seen):
                continue
            if folder and self._identity(prefix + folder) in loops:
                self._passed.append(f"{prefix}{folder} (it leads back to a folder that it lies in)")
                continue
            try:
                names = os.listdir(self._at(prefix + folder))  # noqa: PTH208
            except OSError:
                if pattern:
                    self._unlisted.add(prefix + folder)
                else:
                    yield folder
                continue
            if not pattern:
                names = self._closest_option(prefix + folder, names)
            elif UNFINISHED in names:
                self._said.append(f"{prefix}{folder} is a run that isn't finished, and is passed over")
                continue
            for name in sorted(names):
                path = folder + name
                is_folder = self.is_folder(prefix + path)
                if passes(name):
                    if is_folder or not pattern or matching([path], pattern, brackets=self._brackets):
                        self._passed.append(prefix + path)
                elif not is_folder:
                    yield path
                else:
                    (links if self._is_link(prefix + path) else waiting).append(f"{path}/")
                    if pattern and format_by_name(name):
                        yield path
            links.sort(key=lambda path: path.rstrip("/"))

    def _closest_option(self, folder: str, names: list[str]) -> list[str]:
        """What of a folder's content a person means who names the folder: of a run its documents."""
        folder = folder.rstrip("/")
        if is_finished_run(names):
            self._said.append(f"{folder} is a finished run: its documents/ are read")
            return [name for name in names if name == _DOCUMENTS]
        if UNFINISHED in names:
            self._said.append(f"{folder} is a run that isn't finished, and is passed over")
            return []
        if "versions" in names and self.is_there(f"{folder}/{_FIRST_ANCHOR_VERSION}"):
            self._said.append(f"{folder} is an anchor set, and is passed over: `wellspring anchor export`")
            return []
        return names

    def _is_link(self, path: str) -> bool:
        return os.path.islink(self._at(path.rstrip("/")))  # noqa: PTH114

    def _is_new(self, folder: str, seen: set[tuple[int, int] | None]) -> bool:
        """Whether a folder is met for the first time, under any name."""
        identity = self._identity(folder)
        if identity is not None and identity in seen:
            return False
        seen.add(identity)
        return True

    def _identity(self, folder: str) -> tuple[int, int] | None:
        try:
            found = os.stat(self._at(folder))  # noqa: PTH116
        except OSError:
            return None  # listing it says why
        return found.st_dev, found.st_ino

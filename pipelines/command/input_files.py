"""The files that a flag names, found before a job does anything else."""

import os
import sys
from collections.abc import Iterable

from wellspring.pipelines.command.arguments import UsageError
from wellspring.transforms.storage.find_files import find, located, unlisted
from wellspring.transforms.storage.open_files import is_stream
from wellspring.transforms.storage.public_path import public_path, public_text
from wellspring.transforms.storage.whole_file import STANDARD


def listed(names: str) -> list[str]:
    """What a flag names with a comma between; a file whose name has one in it is one."""
    if is_stream(names) or os.path.lexists(located(names)):
        return [names]
    return [name for name in names.split(",") if name]


def input_files(flag: str, patterns: Iterable[str], *, prefix: str = "") -> list[str]:
    """The files that names, patterns, folders and lists of paths stand for, in their order.

    Says on the error output what is passed over.

    Args:
        prefix: put before the relative paths of a path list.

    Raises:
        UsageError: one stands for no file, or can't be looked for; one line.
    """
    files: list[str] = []
    for pattern in patterns:
        if not pattern:
            raise UsageError(f"{flag}: the name is empty")
        if pattern == STANDARD:
            raise UsageError(f"{flag}=-: standard input is not read by this job: name a file")
        try:
            found = find(pattern)
            files += unlisted(found.paths, prefix)
        except (OSError, ValueError, ImportError) as error:
            raise UsageError(public_text(f"{flag}: {error}")) from error
        for remark in found.remarks:
            print(f"{flag}={public_path(pattern)}: {remark}", file=sys.stderr)
    return files


def input_files_once(flag: str, patterns: Iterable[str], *, prefix: str = "") -> list[str]:
    """The same for a job that reads its input once and in this process: from a stream, too, if named itself.

    Raises:
        UsageError: see `input_files`; or a pattern matches a pipe, which would be waited for.
    """
    files: list[str] = []
    for pattern in patterns:
        if is_stream(pattern):
            files.append(pattern)
            continue
        found = input_files(flag, [pattern], prefix=prefix)
        if stream := next(filter(is_stream, found), None):
            raise UsageError(f"{flag}={pattern} matches {stream}, a pipe or device: name it by itself")
        files += found
    return files

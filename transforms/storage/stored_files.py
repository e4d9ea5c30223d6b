"""The files in a store (gs://, s3://) that a person names: as on this machine, from one listing."""

from collections.abc import Callable, Iterable

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from wellspring.transforms.formats.detect import format_by_name
from wellspring.transforms.storage.local_files import (
    WILDCARD,
    Found,
    has_wildcard,
    is_finished_run,
    is_left_over,
    is_marker,
    matching,
    no_file,
    passed_over,
)
from wellspring.transforms.storage.storage import UNFINISHED


def find_stored(pattern: str) -> Found:
    """The files in a store that a name, a pattern or a folder stands for.

    Raises:
        FileNotFoundError: there is none. OSError: the store can't be asked.
    """
    if not has_wildcard(pattern):
        if not pattern.endswith("/") and _listed(pattern):
            return Found([pattern], [])
        return _found(pattern, *_in_folder(pattern, _listed(f"{pattern.rstrip('/')}/**")))
    begin = WILDCARD.split(pattern, maxsplit=1)[0]
    listed = _listed(f"{begin}**")
    if pattern in listed:
        return Found([pattern], [])
    if as_it_is := [path for path in listed if path.startswith(f"{pattern.rstrip('/')}/")]:
        return _found(pattern, *_in_folder(pattern, as_it_is))
    fixed = begin.rpartition("/")[0]
    hidden = "/." in pattern[len(fixed) :]
    files = matching(listed, pattern)
    passed = [] if hidden else [path for path in files if _any_part(path, fixed, is_left_over)]
    found, said = sorted(set(files) - set(passed)), list[str]()
    folders = _folders(listed, fixed)
    for folder in matching(folders, pattern.rstrip("/")):
        if not found or format_by_name(folder):
            inside = [path for path in listed if path.startswith(f"{folder}/")]
            more, remarks = _in_folder(folder, inside)
            files, said = [*files, *more], [*said, *remarks]
    return _found(pattern, [path for path in files if path not in set(passed)], said + passed_over(passed))


def _listed(pattern: str) -> list[str]:
    """What a store has, without the empty objects that stand for folders."""
    try:
        listed = FileSystems.match([pattern])[0].metadata_list
    except BeamIOError as error:
        if not isinstance(error.__cause__, FileNotFoundError):
            raise
        return []
    return [entry.path for entry in listed if not entry.path.endswith("/")]


def _folders(paths: Iterable[str], above: str) -> list[str]:
    """All folders that paths lie in, below one."""
    folders: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while len(folder) > len(above) and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return sorted(folders)


def _in_folder(folder: str, listed: list[str]) -> tuple[list[str], list[str]]:
    """The files that a folder stands for, of those listed in it; and what there is to say of them."""
    folder = folder.rstrip("/")
    passed: set[str] = set()
    said: list[str] = []
    for inner in [folder, *_folders(listed, folder)]:
        inside = [path for path in listed if path.startswith(f"{inner}/") and path not in passed]
        names = {path[len(inner) + 1 :].partition("/")[0] for path in inside}
        if is_finished_run(names):
            said.append(f"{inner} is a finished run: its documents/ are read")
            passed.update(path for path in inside if not path.startswith(f"{inner}/documents/"))
        elif UNFINISHED in names:
            said.append(f"{inner} is a run that isn't finished, and is passed over")
            passed.update(inside)
    left = [path for path in listed if path not in passed]
    markers = [path for path in left if _any_part(path, folder, is_marker)]
    return sorted(set(left) - set(markers)), said + passed_over(markers)


def _any_part(path: str, below: str, is_so: Callable[[str], bool]) -> bool:
    return any(is_so(part) for part in path[len(below) :].split("/") if part)


def _found(pattern: str, paths: Iterable[str], remarks: list[str]) -> Found:
    found = Found(sorted(set(paths)), remarks)
    if not found.paths:
        raise no_file(pattern, remarks)
    return found


def stored_bytes(path: str) -> int:
    """Bytes of a file in a store; 0 for one that isn't there: that is said when it is read."""
    return sum(int(entry.size_in_bytes) for entry in FileSystems.match([path])[0].metadata_list)

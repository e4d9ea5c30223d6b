"""Files of a finished folder replaced together: all of them, whatever happens in between, or none.

    .unfinished/forget/<attempt>/files/<path>   the new content of each
    .unfinished/forget.commit                   the list of them, once it is settled

Until the commit is settled nothing in the folder is touched; after it, whoever comes next
(`finish_replacing`) puts the rest in place. Of several at once one commits. In a bucket a commit is first
claimed; it is settled when nothing that was read has changed since, and each file is put in place by a copy
over the generation that was read. On this machine files have no generations: there one job at a time.
"""

import uuid
from collections.abc import Mapping

import msgspec

from wellspring.transforms.storage.storage import UNFINISHED, Storage

_STAGED = f"{UNFINISHED}/forget"
COMMIT = f"{UNFINISHED}/forget.commit"


class _Change(msgspec.Struct, frozen=True):
    path: str
    deleted: bool
    generation: int | None
    """Of the file as it was read; null where none lay, or where files have none."""


class _Commit(msgspec.Struct, frozen=True):
    attempt: str
    settled: bool
    changes: list[_Change] = []


def replace_files(
    storage: Storage, contents: Mapping[str, bytes | None], generations: Mapping[str, int]
) -> None:
    """Replaces, adds and (None) deletes files, in this order: the last is the one that makes it count.

    Args:
        generations: of the folder's files before the first of them was read.

    Raises:
        OSError: another has changed one of them meanwhile, or is doing the same; nothing was changed.
    """
    attempt = uuid.uuid4().hex
    for path, content in contents.items():
        if content is not None:
            storage.replace(_staged(attempt, path), content)
    changes = [_Change(path, content is None, generations.get(path)) for path, content in contents.items()]
    settled = f"{_STAGED}/{attempt}/commit"
    storage.replace(settled, msgspec.json.encode(_Commit(attempt, True, changes)))
    storage.create(COMMIT, msgspec.json.encode(_Commit(attempt, False)))
    there = storage.generations()
    if there and (changed := _changed(there, attempt, changes)):
        storage.delete(COMMIT, there.get(COMMIT))
        storage.remove(f"{_STAGED}/{attempt}")
        raise OSError(f"{changed} was changed by another meanwhile, so nothing was done: try again")
    storage.put_in_place(settled, COMMIT, there.get(COMMIT))
    finish_replacing(storage)


def _changed(there: Mapping[str, int], attempt: str, changes: list[_Change]) -> str | None:
    """A file that is not the one that was read, or that was staged and is gone."""
    for change in changes:
        if there.get(change.path) != change.generation:
            return change.path
        if not change.deleted and _staged(attempt, change.path) not in there:
            return _staged(attempt, change.path)
    return None


def finish_replacing(storage: Storage) -> None:
    """Puts in place what was settled, by this call or by one that died; a mere claim is void."""
    generation = storage.generations().get(COMMIT)
    try:
        commit = msgspec.json.decode(storage.read(COMMIT), type=_Commit)
    except FileNotFoundError:
        return
    for change in commit.changes:
        if change.deleted:
            storage.delete(change.path, change.generation)
        else:
            storage.put_in_place(_staged(commit.attempt, change.path), change.path, change.generation)
    if commit.settled:
        # With what others left that died; while the commit stands, nobody else's can be settled.
        storage.remove(_STAGED)
    storage.delete(COMMIT, generation)


def _staged(attempt: str, path: str) -> str:
    """Under its own name, by which a bucket knows what kind of file it is."""
    return f"{_STAGED}/{attempt}/files/{path}"

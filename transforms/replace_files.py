"""Files of a finished folder replaced together: all of them, whatever happens in between, or none.

    .unfinished/forget/files/<path>   the new content of each
    .unfinished/forget/commit         the list of them: from then on they are to be put in place

Until the commit nothing in the folder is touched; after it, whoever comes next (`finish_replacing`) puts
the rest in place. In a bucket each is a copy over the generation that was read, so that what another has
written meanwhile is not written over. Imports no Beam.
"""

from collections.abc import Mapping

import msgspec

from transforms.publish import UNFINISHED
from transforms.storage import Storage

STAGED = f"{UNFINISHED}/forget"
_COMMIT = f"{STAGED}/commit"


class _Change(msgspec.Struct, frozen=True):
    path: str
    deleted: bool
    generation: int | None
    """Of the file as it was read; null where none lay, or where files have none."""


def replace_files(
    storage: Storage, contents: Mapping[str, bytes | None], generations: Mapping[str, int]
) -> None:
    """Replaces, adds and (None) deletes files, in this order: the last is the one that makes it count.

    Args:
        generations: of the folder's files before the first of them was read.

    Raises:
        OSError: another has changed one of them meanwhile, or is doing the same.
    """
    storage.remove(STAGED)  # what a call left that died before its commit
    for path, content in contents.items():
        if content is not None:
            storage.replace(_staged(path), content)
    changes = [_Change(path, content is None, generations.get(path)) for path, content in contents.items()]
    storage.create(_COMMIT, msgspec.json.encode(changes))
    finish_replacing(storage)


def finish_replacing(storage: Storage) -> None:
    """Puts in place what was committed, by this call or by one that died; else clears what that left."""
    try:
        changes = msgspec.json.decode(storage.read(_COMMIT), type=list[_Change])
    except FileNotFoundError:
        changes = []
    for change in changes:
        if change.deleted:
            storage.delete(change.path, change.generation)
        else:
            storage.put_in_place(_staged(change.path), change.path, change.generation)
    storage.delete(_COMMIT)
    storage.remove(STAGED)


def _staged(path: str) -> str:
    """Under its own name, by which a bucket knows what kind of file it is."""
    return f"{STAGED}/files/{path}"

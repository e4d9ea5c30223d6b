"""A file that can't be read, and never will be: one reject of the file, where all else is tried again."""

from wellspring.schemas.reject import FILE, Reject
from wellspring.transforms.formats.fields import Place
from wellspring.transforms.formats.read_file import default_source
from wellspring.transforms.formats.source_stream import StorageError
from wellspring.transforms.storage.open_files import is_permanent
from wellspring.transforms.storage.public_path import public_path


def unreadable_file(path: str, error: Exception) -> Reject:
    """The reject of a file that opening or reading ended with an error.

    Raises:
        Exception: the error itself, or one that says more, where another try may go well.
    """
    name = public_path(path)
    if is_permanent(error):
        cause = error.__cause__ if isinstance(error, StorageError) and error.__cause__ else error
        detail = f"{type(cause).__name__}: {cause}".replace(path, name)
        return Place(name, 0, default_source(name)).reject("unreadable", detail, kind=FILE)
    if isinstance(error, StorageError):
        raise OSError(f"reading {name} failed, and may succeed when tried again: {error}") from error
    raise error

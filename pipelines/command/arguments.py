"""A job's own flags: one line when they are wrong. Beam is not loaded for them."""

import argparse
import difflib
import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from wellspring.transforms.formats.detect import wide_text
from wellspring.transforms.storage.storage import open_storage
from wellspring.transforms.storage.whole_file import STANDARD


class UsageError(ValueError):
    """The arguments are wrong: exit code 2, and one line that says what to write instead."""


class JobParser(argparse.ArgumentParser):
    """An argument parser that raises `UsageError` in place of printing its whole usage.

    Attributes:
        takes_beam_flags: whether what it doesn't know goes to Beam.
    """

    def __init__(self, job: str, description: str, *, takes_beam_flags: bool = False) -> None:
        super().__init__(
            prog=f"wellspring {job}",
            description=description,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self.takes_beam_flags = takes_beam_flags

    def check(self, argv: Sequence[str]) -> None:
        """Raises `UsageError` where the job's own flags are wrong; prints the help where it is asked for."""
        _, rest = self.parse_known_args(argv)
        if rest and not self.takes_beam_flags:
            self.refuse_unknown(rest[0])

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: None = None
    ) -> argparse.Namespace:
        """As argparse has it; a flag that is unknown is told with the one that it resembles."""
        arguments, rest = self.parse_known_args(args, namespace)
        if rest:
            self.refuse_unknown(rest[0])
        return arguments

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        """A flag's value; `--output=` is a variable of a script that is empty, and not the current folder."""
        value = super()._get_value(action, arg_string)  # type: ignore[misc]
        if not arg_string.strip() and action.default != "":
            raise argparse.ArgumentError(action, "the value is empty")
        return value

    def refuse_unknown(self, argument: str, others: Iterable[str] = ()) -> NoReturn:
        """Raises `UsageError` for an argument that neither the job nor who has the `others` knows."""
        known = [option for action in self._actions for option in action.option_strings]
        hint = nearest(argument.split("=")[0], [*known, *others]) or f" (see {self.prog} --help)"
        raise UsageError(f"{self.prog}: unknown argument {argument}{hint}")

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message} (see {self.prog} --help)")


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean ...?`, or nothing where no known word is like it."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def read_text(path: str, what: str) -> str:
    """The text of a small file that a flag names, local or in a bucket; a byte order mark is no part of it.

    Raises:
        UsageError: it can't be read.
    """
    content = read_bytes(path, what)
    if encoding := wide_text(content):
        raise UsageError(f"{what} {path!r} is {encoding}: write it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{what} {path!r} can't be read: {error}") from error


def read_bytes(path: str, what: str) -> bytes:
    """The content of a small file that a flag names, `-` for standard input, as it is: nothing is unpacked.

    Raises:
        UsageError: it can't be read.
    """
    try:
        if path == STANDARD:
            return sys.stdin.buffer.read()
        if path.startswith("gs://"):
            folder, _, name = path.rpartition("/")
            return open_storage(folder).read(name)
        from apache_beam.io.filesystem import CompressionTypes
        from apache_beam.io.filesystems import FileSystems

        with FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
            return bytes(file.read())
    except (OSError, ValueError) as error:
        raise UsageError(f"{what} {path!r} can't be read: {error}") from error


def local_path(text: str) -> Path:
    """argparse type: a path on this machine."""
    if "://" in text:
        raise argparse.ArgumentTypeError(f"{text} is not on this machine: it has to be")
    return Path(text)


def share(text: str) -> float:
    """argparse type: a number between 0 and 1."""
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def above_zero(text: str) -> float:
    """argparse type: a number above 0."""
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return value


def positive(text: str) -> int:
    """argparse type: a whole number from 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1")
    return value

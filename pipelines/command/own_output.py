"""An output is one job's from its start to its end, and none of the files that the job reads."""

import contextlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from wellspring.pipelines.command.arguments import UsageError
from wellspring.transforms.storage.claim import (
    Claim,
    ClaimedError,
    ClaimPlace,
    file_claim,
    folder_claim,
    hand_over,
    let_go,
    refuse_claimed,
    take_claim,
)
from wellspring.transforms.storage.public_path import public_path
from wellspring.transforms.storage.whole_file import (
    STANDARD,
    OutputIsInputError,
    check_no_input,
    takes_its_place,
)


class OwnOutput:
    """An output that this job has claimed."""

    def __init__(self, place: ClaimPlace, claim: Claim) -> None:
        self._place, self._claim = place, claim
        self.handed_over = False

    @property
    def id(self) -> str:
        """Of the claim: what finishes the output checks that it is still there."""
        return self._claim.id

    def hand_over(self, runner_job: str) -> None:
        """Leaves the claim to the last step of a job that goes on when this process has ended."""
        hand_over(self._place, self._claim, runner_job)
        self.handed_over = True

    def take_back(self) -> None:
        """Lets the claim go with this block after all: that job is known to have ended."""
        self.handed_over = False


@contextlib.contextmanager
def own_folder(
    job: str,
    folder: str | Path,
    inputs: Sequence[str | Path] = (),
    *,
    writes: Sequence[str] = (),
    flag: str = "--output",
    runner: str | None = None,
) -> Iterator[OwnOutput]:
    """Claims a folder, which need not be there, for the time of the block.

    Args:
        inputs: files that are read. writes: names of the files that the job will write there.
        runner: the one that does the work, where that may outlive this process.

    Raises:
        UsageError: another job has claimed it, one of its files is an input, or it can't be written to.
    """
    name = str(folder)
    for file in writes:
        refuse_inputs(f"{name.rstrip('/')}/{file}", inputs, flag=flag)
    with _as_it_was(name), _claimed(job, folder_claim(name), flag, runner) as own:
        yield own


@contextlib.contextmanager
def own_new_folder(job: str, folder: str | Path, *, flag: str = "--output") -> Iterator[None]:
    """Claims a folder that will be renamed into its place, for the time of the block.

    Raises:
        UsageError: another job has claimed it, something lies there, or it can't be written to.
    """
    path = Path(folder)
    # The claim lies beside it, as that of a file.
    with _as_it_was(str(path.parent)), _claimed(job, file_claim(str(path)), flag, None):
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise UsageError(f"{flag}={folder} exists and is not an empty folder: choose another one")
        yield


@contextlib.contextmanager
def own_file(
    job: str, file: str | Path, inputs: Iterable[str | Path] = (), *, flag: str = "--output"
) -> Iterator[None]:
    """Claims a file that is to be written, for the time of the block; a pipe or a device is nobody's.

    Raises:
        UsageError: another job has claimed it, it is one of the inputs, or its folder can't be written to.
    """
    name = str(file)
    refuse_inputs(name, inputs, flag=flag)
    if not takes_its_place(name):
        yield
        return
    parent = Path(name).parent
    if "://" not in name and not parent.is_dir():
        raise UsageError(f"{flag}={name}: there is no folder {parent}")
    if "://" not in name and Path(name).is_dir():
        raise UsageError(f"{flag}={name} is a folder: name a file")
    with _claimed(job, file_claim(name), flag, None):
        yield


@contextlib.contextmanager
def _as_it_was(folder: str) -> Iterator[None]:
    """A folder that isn't there, nor perhaps its parents, isn't after the block if nothing was put there."""
    missing = []
    if "://" not in folder:
        missing = [path for path in (Path(folder), *Path(folder).parents) if not path.exists()]
    try:
        yield
    finally:
        for path in missing:
            with contextlib.suppress(OSError):  # it holds something, as it should
                path.rmdir()


def refuse_inputs(file: str | Path, inputs: Iterable[str | Path], *, flag: str = "--output") -> None:
    """Whether a file that is to be written is none of those that are read.

    Raises:
        UsageError: it is one of them.
    """
    try:
        check_no_input(file, inputs)
    except OutputIsInputError as error:
        raise UsageError(f"{flag}: {error}") from error


def refuse_two_readers(job: str, inputs: Iterable[str]) -> None:
    """Whether standard input is at most one of the inputs.

    Raises:
        UsageError: it is several of them.
    """
    if list(inputs).count(STANDARD) > 1:
        raise UsageError(
            f"wellspring {job}: standard input (-) is read once: name a file for the other input"
        )


def _refuse_other_stores(path: str, flag: str) -> None:
    if "://" in path and not path.startswith("gs://"):
        raise UsageError(f"{flag} {public_path(path)}: write to this machine or to gs://")


def refuse_claimed_folder(folder: str) -> None:
    """Whether no other job has claimed a folder, before anything costly is done for it.

    Raises:
        UsageError: one has, or the folder can't be read.
    """
    _refuse_other_stores(folder, "--output")
    try:
        refuse_claimed(folder_claim(folder))
    except (ClaimedError, OSError) as error:
        raise UsageError(f"--output: {error}") from error


@contextlib.contextmanager
def _claimed(job: str, place: ClaimPlace, flag: str, runner: str | None) -> Iterator[OwnOutput]:
    _refuse_other_stores(place.output, flag)
    try:
        own = OwnOutput(place, take_claim(place, job, runner=runner))
    except ClaimedError as error:
        raise UsageError(f"{flag}: {error}") from error
    except OSError as error:
        raise UsageError(f"{flag}: {place.output} can't be written: {error.strerror or error}") from error
    try:
        yield own
    finally:
        if not own.handed_over:
            try:
                let_go(place, own.id)
            except OSError as error:  # what the job did stands
                print(f"warning: {place.file} can't be removed: {error}", file=sys.stderr)

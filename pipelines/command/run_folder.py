"""A run's folder: refused where a finished run lies, cleared of what a dead one left but its scores."""

import contextlib
import os
from collections.abc import Iterable, Iterator

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.own_output import OwnOutput, own_folder, refuse_claimed_folder
from wellspring.transforms.curate.score_checkpoints import SCORES
from wellspring.transforms.storage.claim import FOLDER_CLAIM
from wellspring.transforms.storage.public_path import public_path
from wellspring.transforms.storage.publish import LAST_FILES, make_folder, remove_folder
from wellspring.transforms.storage.storage import UNFINISHED, open_storage

_FOLDERS = ("documents", "tokens", "hold", "measurements", "audits", "rejects", "lineage")
_PEOPLES = ("decisions", "releases", "forgotten")
# One that is there, and one that is being made.
_CLAIMS = (FOLDER_CLAIM, FOLDER_CLAIM.replace("/", "/."))


@contextlib.contextmanager
def run_folder(job: str, run: str, *, overwrite: bool, runner: str | None) -> Iterator[OwnOutput]:
    """The folder of a run that begins, claimed until the run ends; see `check_run_folder`.

    Args:
        runner: the one that does the work; None for the local one.
    """
    with own_folder(job, run, runner=runner) as own:
        # Again: another run may have come and gone since it was asked first.
        _check_contents(run, overwrite=overwrite)
        yield own


def check_run_folder(run: str, *, overwrite: bool) -> None:
    """Whether a run may be written there.

    Raises:
        UsageError: another run is writing there; a finished run lies there and `overwrite` is not given; or
            people's decisions lie there; or something that is no run of ours; or the bucket can't be used.
    """
    refuse_claimed_folder(run)
    _check_contents(run, overwrite=overwrite)


def check_not_read(run: str, paths: Iterable[str]) -> None:
    """Whether nothing that a run reads, files or other runs, lies where it will write: that is cleared.

    Args:
        paths: asked for only where something lies there.

    Raises:
        UsageError: one does.
    """
    if not _entries(run):
        return
    here = f"{_real(run)}/"
    for path in paths:
        if f"{_real(path)}/".startswith(here):
            raise UsageError(
                f"--output {run} holds what is read ({public_path(path)}): choose another folder"
            )


def _real(path: str) -> str:
    return path.rstrip("/") if "://" in path else os.path.realpath(path)


def _check_contents(run: str, *, overwrite: bool) -> None:
    try:
        present = _entries(run)
    except OSError as error:
        raise UsageError(f"--output {run} can't be used: {error}") from error
    if any(name in present for name in _PEOPLES):
        raise UsageError(f"--output {run} holds people's decisions: choose another folder")
    if "manifest.json" in present and not overwrite:
        raise UsageError(f"--output {run} holds a finished run: choose another folder or add --overwrite")
    if present and "manifest.json" not in present and UNFINISHED not in present:
        raise UsageError(f"--output {run} is not empty and holds no run: choose another folder")


def start_run_folder(run: str) -> None:
    """Clears what an earlier run left, the manifest first, and marks the folder as unfinished. The scores
    that an unfinished run had come to stay, for the next one goes on from them; and so does the claim.
    """
    present = _entries(run)
    # From here on the folder is no finished run, whatever happens.
    for name in reversed(LAST_FILES):
        if name in present:
            FileSystems.delete([FileSystems.join(run, name)])
    for name in _FOLDERS:
        if name in present:
            remove_folder(FileSystems.join(run, name))
    kept = [FileSystems.join(run, *path.split("/")) for path in (SCORES, FOLDER_CLAIM)]
    remove_folder(FileSystems.join(run, UNFINISHED), but=kept)
    marker = FileSystems.join(run, UNFINISHED, "started")
    if FileSystems.get_scheme(run) is None:
        make_folder(FileSystems.join(run, UNFINISHED))
    with FileSystems.create(marker, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        file.write(b"This run is not finished: it has no manifest.json yet.\n")


def _entries(run: str) -> set[str]:
    """Names of the files and folders directly under a run's folder, but for a claim on it."""
    if run.startswith("gs://"):
        paths = open_storage(run).files("")
    else:
        prefix = run.rstrip("/") + "/"
        matched = FileSystems.match([prefix + "**"])[0].metadata_list
        paths = [metadata.path[len(prefix) :] for metadata in matched]
    return {path.split("/")[0] for path in paths if not path.startswith(_CLAIMS)}

"""A run's folder: refused where a finished run lies, cleared of what a dead one left but its scores."""

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from pipelines.arguments import UsageError
from transforms.publish import LAST_FILES, UNFINISHED, make_folder, remove_folder
from transforms.score_checkpoints import SCORES
from transforms.storage import open_storage

_FOLDERS = ("documents", "tokens", "hold", "measurements", "audits", "rejects", "lineage")
_PEOPLES = ("decisions", "releases", "forgotten")


def check_run_folder(run: str, *, overwrite: bool) -> None:
    """Whether a run may be written there.

    Raises:
        UsageError: a finished run lies there and `overwrite` is not given; or people's decisions
            lie there; or something that is no run of ours; or the bucket can't be used.
    """
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
    that an unfinished run had come to stay: the next one goes on from them."""
    present = _entries(run)
    # From here on the folder is no finished run, whatever happens.
    for name in reversed(LAST_FILES):
        if name in present:
            FileSystems.delete([FileSystems.join(run, name)])
    for name in _FOLDERS:
        if name in present:
            remove_folder(FileSystems.join(run, name))
    remove_folder(FileSystems.join(run, UNFINISHED), but=FileSystems.join(run, *SCORES.split("/")))
    marker = FileSystems.join(run, UNFINISHED, "started")
    if FileSystems.get_scheme(run) is None:
        make_folder(FileSystems.join(run, UNFINISHED))
    with FileSystems.create(marker, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        file.write(b"This run is not finished: it has no manifest.json yet.\n")


def _entries(run: str) -> set[str]:
    """Names of the files and folders directly under a run's folder."""
    if run.startswith("gs://"):
        return {path.split("/")[0] for path in open_storage(run).files("")}
    prefix = run.rstrip("/") + "/"
    matched = FileSystems.match([prefix + "**"])[0].metadata_list
    return {metadata.path[len(prefix) :].split("/")[0] for metadata in matched}

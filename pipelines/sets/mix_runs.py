"""The runs of a mix: finished, unchanged as far as their manifests tell, and made by one scorer."""

from collections.abc import Sequence
from typing import NamedTuple

from wellspring.pipelines.command.arguments import UsageError
from wellspring.schemas.decision import Release
from wellspring.schemas.encoding import sha256_hex
from wellspring.schemas.label import PROVENANCE_LABELS
from wellspring.schemas.manifest import FileEntry, Manifest
from wellspring.schemas.training_set import SourceRun
from wellspring.transforms.curate.finish_run import ConservationError, check_conservation
from wellspring.transforms.mix.mix_source import MixFiles
from wellspring.transforms.runs.finished_run import FinishedRun, RunError
from wellspring.transforms.runs.run_files import RunFile


class MixedRun(NamedTuple):
    """A finished run as a mix takes it."""

    path: str
    manifest: Manifest
    releases: list[Release]
    source: SourceRun

    @property
    def files(self) -> dict[str, FileEntry]:
        """What the manifest and the releases list: nothing else in the folder counts."""
        files = dict(self.manifest.files)
        for release in self.releases:
            files |= release.files
        return files


def load_runs(paths: Sequence[str]) -> list[MixedRun]:
    """The runs, in order.

    Raises:
        UsageError: one is not finished, is named twice, is a training set, doesn't add up, or was made
            by another scorer than the first.
    """
    if not paths:
        raise UsageError("no runs to mix: give `runs:` in the recipe, or --run=RUN,RUN")
    runs: list[MixedRun] = []
    for path in (path.rstrip("/") for path in paths):
        if path in (run.path for run in runs):
            raise UsageError(f"run {path} is named twice: its documents would count double")
        run = load_run(path)
        if runs:
            _check_same_scorer(runs[0], run)
        runs.append(run)
    return runs


def load_run(path: str) -> MixedRun:
    """One finished run.

    Raises:
        UsageError: see `load_runs`.
    """
    path = path.rstrip("/")
    try:
        run = FinishedRun(path)
        releases = run.releases()
    except RunError as error:
        raise UsageError(str(error)) from error
    if run.is_set:
        raise UsageError(f"{path} is a training set: mix the runs that it was drawn from")
    try:
        check_conservation(run.manifest)
    except ConservationError as error:
        raise UsageError(f"{path}/manifest.json doesn't add up, so it was changed: {error}") from error
    hashes = {path: sha256_hex(run.storage.read(path)) for path in releases}
    source = SourceRun(path=path, manifest_sha256=run.manifest_sha256, releases=hashes)
    return MixedRun(path, run.manifest, list(releases.values()), source)


def _check_same_scorer(first: MixedRun, other: MixedRun) -> None:
    names = [run.manifest.scorer.id if run.manifest.scorer else "none" for run in (first, other)]
    if names[0] != names[1]:
        raise UsageError(
            f"runs by different scorers don't mix: {first.path} was scored by {names[0]}, {other.path} by "
            f"{names[1]}; tokens and probabilities would mean two things"
        )
    tokenizers = [run.manifest.parameters.get("scorer") for run in (first, other)]
    if first.manifest.scorer is None and tokenizers[0] != tokenizers[1]:
        raise UsageError(f"{first.path} and {other.path} were tokenized by different scorers")


def files_of(runs: Sequence[MixedRun]) -> MixFiles:
    """The files of documents and measurements, in the order of the runs and their paths."""
    documents: list[RunFile] = []
    for place, run in enumerate(runs):
        for path, entry in sorted(run.files.items()):
            folder, _, rest = path.removeprefix("documents/").partition("/")
            label = folder.removeprefix("provenance=")
            if path.startswith("documents/") and rest.endswith(".parquet") and label in PROVENANCE_LABELS:
                documents.append(
                    RunFile(
                        run=run.path,
                        place=place,
                        path=path,
                        label=label,
                        rows=entry.rows,
                        sha256=entry.sha256,
                    )
                )
    measurements = {
        run.path: {
            path: entry
            for path, entry in run.files.items()
            if path.startswith("measurements/") and path.endswith(".parquet")
        }
        for run in runs
    }
    return MixFiles(documents=documents, measurements=measurements)

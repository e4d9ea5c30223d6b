"""The flags of `wellspring reprocess`, checked against the run that it takes."""

import argparse
from dataclasses import dataclass, replace

import msgspec
from apache_beam.options.pipeline_options import PipelineOptions

from wellspring.pipelines import curate_settings
from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.run_folder import check_not_read
from wellspring.pipelines.curate_settings import (
    CurateSettings,
    check_gate,
    file_sha256_of,
    load_profile,
    load_sources,
)
from wellspring.pipelines.flags import curate as curate_flags
from wellspring.schemas import CODE_VERSION
from wellspring.schemas.audit import GateMode
from wellspring.schemas.encoding import utc_now
from wellspring.schemas.manifest import Manifest, ReprocessedFrom
from wellspring.schemas.profile import Profile
from wellspring.schemas.sources import SourceEntry, entry_names
from wellspring.signals.lm.model_folder import REFERENCE_EN
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.transforms.runs.finished_run import FinishedRun, RunError
from wellspring.transforms.storage.public_path import public_path


@dataclass(frozen=True)
class ReprocessSettings:
    """The settings of a reprocessing, checked."""

    run: FinishedRun
    output: str
    profile: Profile
    profile_sha256: str
    gate: GateMode
    gate_before: GateMode
    sources: list[SourceEntry]
    sources_sha256: str | None
    tokenizer: str
    changed: list[str]
    parameters: dict[str, str]
    warnings: list[str]
    rescoring: CurateSettings | None
    """The settings of the main job's later half, where another scorer is given."""

    @property
    def scorer_id(self) -> str | None:
        scorer = self.run.manifest.scorer
        return scorer.id if scorer else None

    def empty_manifest(self) -> Manifest:
        """The manifest of the new run before anything was counted."""
        return msgspec.structs.replace(
            self.run.manifest,
            profile=self.profile.name,
            profile_sha256=self.profile_sha256,
            gate=self.gate,
            code_version=CODE_VERSION,
            started=utc_now(),
            finished="",
            files={},
            parameters=self.parameters,
            sources_sha256=self.sources_sha256,
            sources_unmatched=entry_names(self.sources),
            reprocessed_from=_made_of(self.run, self.changed, self.gate_before, self.gate),
        )


def settle(arguments: argparse.Namespace, options: PipelineOptions) -> ReprocessSettings:
    """Loads the run and what the flags name, and checks that it fits together.

    Raises:
        UsageError: something can't be loaded, or can't go together; one line.
    """
    if not (arguments.profile or arguments.scorer or arguments.gate or arguments.sources):
        raise UsageError("reprocess: nothing to do: give --profile, --scorer, --gate or --sources")
    try:
        run = FinishedRun(arguments.run)
    except (RunError, OSError) as error:
        raise UsageError(f"--run: {error}") from error
    check_not_read(arguments.output, [arguments.run])
    manifest = run.manifest
    flags = manifest.parameters
    if flags.get("scoring") == "decisive" and not arguments.scorer:
        raise UsageError(
            f"--run {arguments.run} was scored with --scoring=decisive: which documents have scores hangs on "
            "its profile; give --scorer too, and all of them are scored"
        )
    profile_name = arguments.profile or _own_profile(manifest)
    profile, profile_sha256 = load_profile(profile_name)
    gate_before: GateMode = "enforce" if manifest.gate == "enforce" else "monitor"
    gate: GateMode = arguments.gate or gate_before
    if arguments.profile is None and profile_sha256 != manifest.profile_sha256:
        raise UsageError(
            f"the run's profile {manifest.profile} isn't any more what it was: name it by --profile"
        )
    sources = arguments.sources or flags.get("sources")
    try:
        entries, sources_sha256 = load_sources(sources), file_sha256_of(sources, "--sources")
    except ValueError as error:
        raise UsageError(f"{error} (the run went by --sources={sources})") from error
    changed_sources = manifest.sources_sha256 is not None and sources_sha256 != manifest.sources_sha256
    if arguments.sources is None and changed_sources:
        raise UsageError(
            f"{sources} was changed since the run: give --sources={sources} if you mean what it says now"
        )
    parameters = {
        name: public_path(str(value))
        for name, value in vars(arguments).items()
        if value not in (None, False, "")
    }
    # What the run went by goes on into the new one: it may be reprocessed in its turn.
    kept = {
        name: flags[name] for name in ("scorer", "scoring", "sources", "profile", "limit") if name in flags
    }
    changed = []
    if profile_sha256 != manifest.profile_sha256:
        changed.append(f"profile {manifest.profile} -> {profile.name}")
    if gate != gate_before:
        changed.append(f"gate {gate_before} -> {gate}")
    if arguments.sources and (changed_sources or manifest.sources_sha256 is None):
        changed.append(f"sources {flags.get('sources', 'none')} -> {sources}")
    rescoring = None
    if arguments.scorer:
        rescoring = _rescoring(arguments, options, run, profile_name, gate, sources)
        scorer = rescoring.scorer_id
        changed.insert(0, f"scorer {manifest.scorer.id if manifest.scorer else 'none'} -> {scorer}")
        rescoring = replace(
            rescoring,
            parameters=kept | {"scoring": "all"} | parameters,
            reprocessed_from=_made_of(run, changed, gate_before, gate),
        )
    tokenizer = manifest.scorer.model if manifest.scorer else flags.get("scorer", REFERENCE_EN)
    return ReprocessSettings(
        run=run,
        output=arguments.output,
        profile=profile,
        profile_sha256=profile_sha256,
        gate=gate,
        gate_before=gate_before,
        sources=entries,
        sources_sha256=sources_sha256,
        tokenizer=tokenizer,
        changed=changed,
        parameters=kept | parameters,
        warnings=(
            _check_texts(manifest) + rescoring.warnings
            if rescoring
            else _check_tokenizer(tokenizer, manifest)
            + check_gate(profile, gate, manifest.scorer, manifest.batch_documents)
        ),
        rescoring=rescoring,
    )


def _made_of(run: FinishedRun, changed: list[str], before: GateMode, gate: GateMode) -> ReprocessedFrom:
    return ReprocessedFrom(
        run=run.folder,
        manifest_sha256=run.manifest_sha256,
        changed=changed,
        only_monitored=before == gate == "monitor",
    )


def _rescoring(
    arguments: argparse.Namespace,
    options: PipelineOptions,
    run: FinishedRun,
    profile: str,
    gate: GateMode,
    sources: str | None,
) -> CurateSettings:
    """What `wellspring curate` would have been given for the same batches."""
    return curate_settings.settle(
        argparse.Namespace(
            input=[run.folder],
            path_prefix="",
            output=arguments.output,
            profile=profile,
            gate=gate,
            scorer=arguments.scorer,
            scoring="all",
            batch_documents=run.manifest.batch_documents,
            batch_by=",".join(run.manifest.batch_by),
            window_days=run.manifest.window_days,
            sources=sources,
            hold_topic=None,
            reuse=None,
            forgotten=None,
            scorer_accelerator=None,
            scorer_timeout_seconds=curate_flags.parser().get_default("scorer_timeout_seconds"),
            limit=None,
            text_column=None,
            id_column=None,
        ),
        options,
    )


def _check_texts(manifest: Manifest) -> list[str]:
    """Which documents can't be scored because a run keeps no text of a reject."""
    rejected = sum(manifest.rejected.get(reason, 0) for reason in ("no_tokens", "unscorable"))
    if not rejected:
        return []
    return [
        f"{rejected:,} documents that the run's own scorer could not take have no stored text: rejects still"
    ]


def _own_profile(manifest: Manifest) -> str:
    return manifest.parameters.get("profile", REFERENCE_EN)


def _check_tokenizer(name: str, manifest: Manifest) -> list[str]:
    """Whether the run's tokenizer is at hand, for the batches whose tokens must be counted again."""
    try:
        tokenizer = load_tokenizer(name)
    except ValueError as error:
        raise UsageError(f"the run's tokenizer: {error}") from error
    if manifest.scorer and tokenizer.sha256 != manifest.scorer.tokenizer_sha256:
        raise UsageError(f"the tokenizer of {name} isn't any more the one that the run was tokenized by")
    return []

"""The main job's flags, checked against each other before anything is read."""

import argparse
import os
from dataclasses import dataclass

import msgspec
from apache_beam.options.pipeline_options import PipelineOptions

from wellspring.pipelines.command.arguments import UsageError, read_bytes, read_text
from wellspring.pipelines.command.column_flags import columns_of
from wellspring.pipelines.command.input_files import input_files, listed
from wellspring.pipelines.flags.curate import Scoring
from wellspring.schemas import CODE_VERSION
from wellspring.schemas.audit import GateMode
from wellspring.schemas.batch import STRATUM_FIELDS
from wellspring.schemas.encoding import sha256_hex, utc_now
from wellspring.schemas.forgotten import ForgottenRecord
from wellspring.schemas.manifest import Manifest, ReprocessedFrom
from wellspring.schemas.profile import Profile
from wellspring.schemas.scorer import ScorerFingerprint
from wellspring.schemas.sources import SourceEntry, entry_names
from wellspring.signals.batch.batch_signals import OF_THE_SCORER
from wellspring.signals.batch.tail_coverage import load_tail_reference
from wellspring.signals.lm.model_folder import REFERENCE_EN
from wellspring.signals.lm.scorer_fingerprint import scorer_fingerprint
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.signals.verdict.evidence import parse_sources
from wellspring.signals.verdict.forgotten import BlockList
from wellspring.signals.verdict.profiles import built_in, parse_profile
from wellspring.transforms.formats.rows import COLUMNS, Columns
from wellspring.transforms.runs.finished_run import FinishedRun, RunError
from wellspring.transforms.storage.public_path import public_path


@dataclass(frozen=True)
class CurateSettings:
    """The main job's settings, checked."""

    inputs: list[str]
    path_prefix: str
    output: str
    profile: Profile
    profile_sha256: str
    gate: GateMode
    scorer: str
    scoring: Scoring
    accelerator: str | None
    fingerprint: ScorerFingerprint | None
    """Null when no scorer runs."""
    vocab_size: int
    batch_documents: int
    batch_by: list[str]
    window_days: int
    sources: list[SourceEntry]
    block_list: BlockList
    sources_sha256: str | None
    hold_topic: str | None
    reuse: str | None
    """A finished run over part of the input."""
    limit: int | None
    threads: int | None
    scorer_timeout_seconds: int
    parameters: dict[str, str]
    warnings: list[str]
    columns: Columns = COLUMNS
    reprocessed_from: ReprocessedFrom | None = None
    """The run whose documents these are, where no crawl is read."""

    @property
    def scorer_id(self) -> str | None:
        return self.fingerprint.id if self.fingerprint else None

    def empty_manifest(self) -> Manifest:
        """The manifest of this run before anything was counted."""
        return Manifest(
            records_read=0,
            labelled={},
            held=0,
            rejected={},
            files_read=0,
            files_damaged={},
            batches=0,
            batches_held=0,
            tokens=0,
            tokens_scored=0,
            scorer=self.fingerprint,
            scored_on={},
            profile=self.profile.name,
            gate=self.gate,
            code_version=CODE_VERSION,
            started=utc_now(),
            finished="",
            files={},
            by_source={},
            histograms={},
            conflicts=0,
            renamed_ids=0,
            profile_sha256=self.profile_sha256,
            batch_documents=self.batch_documents,
            batch_by=self.batch_by,
            window_days=self.window_days,
            parameters=self.parameters,
            sources_sha256=self.sources_sha256,
            sources_unmatched=entry_names(self.sources),
            reprocessed_from=self.reprocessed_from,
        )


def settle(arguments: argparse.Namespace, options: PipelineOptions) -> CurateSettings:
    """Loads what the flags name and checks that it fits together.

    Raises:
        UsageError: something can't be loaded, or can't go together; one line.
    """
    profile, profile_sha256 = load_profile(arguments.profile)
    scorer = arguments.scorer or default_scorer(profile)
    try:
        tokenizer = load_tokenizer(scorer)
        load_tail_reference(scorer)  # a damaged file is to be known before the run
        fingerprint = scorer_fingerprint(scorer) if arguments.scoring != "none" else None
        sources = load_sources(arguments.sources)
        sources_sha256 = file_sha256_of(arguments.sources, "--sources")
    except ValueError as error:
        raise UsageError(str(error)) from error
    if arguments.scoring == "decisive" and profile.votes is None:
        raise UsageError(
            f"--scoring=decisive: the classifier of profile {profile.name} weighs every document's score; "
            "use --scoring=all, or --scoring=none for its judgement by the text alone"
        )
    if arguments.scoring == "none" and arguments.scorer_accelerator:
        raise UsageError("--scorer_accelerator: with --scoring=none nothing is scored; leave one of them out")
    both = options.get_all_options().get("dataflow_service_options") or []
    if arguments.scorer_accelerator and any("worker_accelerator" in option for option in both):
        raise UsageError(
            "--scorer_accelerator gives the scoring step alone a GPU, --dataflow_service_options="
            "worker_accelerator gives every worker one: leave one of them out"
        )
    scored = _scored_signals(profile)
    if arguments.scoring == "decisive" and scored:
        raise UsageError(
            f"--scoring=decisive: profile {profile.name} gates on {scored}, which needs every "
            "document scored; use --scoring=all"
        )
    if arguments.reuse:
        _check_reuse(arguments)
    return CurateSettings(
        inputs=arguments.input,
        path_prefix=arguments.path_prefix,
        output=arguments.output,
        profile=profile,
        profile_sha256=profile_sha256,
        gate=arguments.gate,
        scorer=scorer,
        scoring=arguments.scoring,
        accelerator=arguments.scorer_accelerator,
        fingerprint=fingerprint,
        vocab_size=tokenizer.vocab_size,
        batch_documents=arguments.batch_documents,
        batch_by=_batch_by(arguments.batch_by),
        window_days=arguments.window_days,
        sources=sources,
        block_list=load_block_list(arguments.forgotten),
        sources_sha256=sources_sha256,
        hold_topic=arguments.hold_topic,
        reuse=arguments.reuse,
        limit=arguments.limit,
        columns=columns_of(arguments),
        threads=_threads(options),
        scorer_timeout_seconds=arguments.scorer_timeout_seconds,
        parameters={
            name: _shown(value) for name, value in vars(arguments).items() if value not in (None, False, "")
        },
        warnings=check_gate(profile, arguments.gate, fingerprint, arguments.batch_documents),
    )


def _shown(value: object) -> str:
    """A flag's value as the manifest keeps it."""
    if isinstance(value, list):
        return str([public_path(str(each)) for each in value])
    return public_path(str(value))


def _check_reuse(arguments: argparse.Namespace) -> None:
    try:
        before = FinishedRun(arguments.reuse).manifest
    except (RunError, OSError) as error:
        raise UsageError(f"--reuse: {error}") from error
    if "decisive" in (arguments.scoring, before.parameters.get("scoring")):
        raise UsageError(
            "--reuse: with --scoring=decisive what is scored hangs on the profile: use --scoring=all"
        )
    for name in ("limit", "text_column", "id_column"):
        value = getattr(arguments, name)
        if before.parameters.get(name) != (None if value is None else str(value)):
            raise UsageError(f"--reuse: {arguments.reuse} was read with another --{name}")


def default_scorer(profile: Profile) -> str:
    """The scorer that a profile was made for, else the embedded one."""
    return profile.scorer_name or REFERENCE_EN


def load_profile(name: str) -> tuple[Profile, str]:
    """A profile by name or path, and the sha256 of its content.

    Raises:
        UsageError: there is none, or it is not valid.
    """
    content = built_in(name) or read_text(name, "--profile")
    try:
        profile = parse_profile(content, name)
    except ValueError as error:
        raise UsageError(str(error)) from error
    return profile, sha256_hex(content.encode())


def load_sources(path: str | None) -> list[SourceEntry]:
    """The entries of a sources.yaml; none without a path.

    Raises:
        ValueError: it can't be read or is not of the form.
    """
    return parse_sources(read_text(path, "--sources"), path) if path else []


def load_block_list(patterns: str | None) -> BlockList:
    """The block list of `forget`'s records; an empty one without a pattern.

    Raises:
        UsageError: a pattern matches nothing, or a file is no such record.
    """
    records = []
    for path in input_files("--forgotten", listed(patterns or "")):
        try:
            records.append(msgspec.json.decode(read_text(path, "--forgotten"), type=ForgottenRecord))
        except msgspec.DecodeError as error:
            raise UsageError(f"--forgotten: {path} is no record of `forget`: {error}") from error
    return BlockList(records)


def file_sha256_of(path: str | None, what: str) -> str | None:
    """The sha256 of a small file that a flag names; None without one."""
    return sha256_hex(read_bytes(path, what)) if path else None


def _batch_by(text: str) -> list[str]:
    fields = [field.strip() for field in text.split(",")]
    for field in fields:
        if field not in STRATUM_FIELDS:
            raise UsageError(f"--batch_by: no field {field!r}; choose of {', '.join(STRATUM_FIELDS)}")
    if len(set(fields)) < len(fields):
        raise UsageError(f"--batch_by={text} names a field twice")
    return fields


def check_scorer(profile: Profile, fingerprint: ScorerFingerprint | None) -> list[str]:
    """What is wrong with judging this scorer's measurements by this profile."""
    if profile.scorer is None or fingerprint is None or profile.scorer == fingerprint.id:
        return []
    return [f"profile {profile.name} was calibrated for scorer {profile.scorer}, this is {fingerprint.id}"]


def _scored_signals(profile: Profile) -> str:
    """The signals of the gate that the scorer measures, in words; empty for none."""
    return ", ".join(test.signal for test in profile.gate.tests if test.signal in OF_THE_SCORER)


def check_gate(
    profile: Profile, gate: GateMode, fingerprint: ScorerFingerprint | None, batch_documents: int
) -> list[str]:
    """What keeps a profile from enforcing: an error under `enforce`, warnings under `monitor`."""
    faults = check_scorer(profile, fingerprint)
    if not profile.can_enforce and gate == "enforce":
        faults.append(f"profile {profile.name} is not calibrated and can only monitor")
    scored = _scored_signals(profile)
    if scored and fingerprint is None:
        faults.append(f"profile {profile.name} gates on {scored}, which needs --scoring=all")
    if profile.batch_documents not in (None, batch_documents):
        faults.append(
            f"profile {profile.name} was calibrated for batches of {profile.batch_documents} documents, "
            f"not {batch_documents}"
        )
    if faults and gate == "enforce":
        raise UsageError(f"--gate=enforce: {'; '.join(faults)}")
    return faults


def _threads(options: PipelineOptions) -> int | None:
    """Threads of one worker process: the local runner's processes share this machine's cores."""
    values = options.get_all_options()
    if values.get("direct_running_mode") != "multi_processing":
        return None
    return max(1, (os.cpu_count() or 1) // max(1, values.get("direct_num_workers") or 1))

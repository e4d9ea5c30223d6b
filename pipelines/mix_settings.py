"""A recipe and its runs, loaded and checked against each other."""

import argparse
from typing import NamedTuple

from apache_beam.io.filesystems import FileSystems

from wellspring.pipelines.command.arguments import UsageError, read_bytes, read_text
from wellspring.pipelines.curate_settings import check_gate, default_scorer, load_profile, load_sources
from wellspring.pipelines.sets.mix_anchor import load_anchor
from wellspring.pipelines.sets.mix_runs import MixedRun, files_of, load_runs
from wellspring.schemas import CODE_VERSION
from wellspring.schemas.encoding import sha256_hex, utc_now
from wellspring.schemas.profile import Profile
from wellspring.schemas.recipe import TOP_RARITY, Recipe
from wellspring.schemas.training_set import TAIL, LowFrequencyFacts, SetManifest
from wellspring.signals.lm.model_folder import REFERENCE_EN
from wellspring.signals.lm.tokenization import Tokenizer, load_tokenizer
from wellspring.signals.mix.indexed_tokens import token_dtype
from wellspring.signals.mix.recipes import parse_recipe
from wellspring.signals.mix.tail_pack import BETTER_COPIES
from wellspring.transforms.mix.mix_keep_out import KeepOut
from wellspring.transforms.mix.mix_source import MixFacts, MixFiles
from wellspring.transforms.mix.write_set import SetSettings
from wellspring.transforms.runs.run_files import RunFile
from wellspring.transforms.storage.public_path import public_path
from wellspring.transforms.storage.storage import UNFINISHED


class MixSettings(NamedTuple):
    """Everything that a mix needs before it counts."""

    recipe: Recipe
    runs: list[MixedRun]
    files: MixFiles
    facts: MixFacts
    writing: SetSettings
    keep_out: KeepOut | None
    anchor: list[tuple[str, str]]
    """(id, text) of the anchor set's documents."""
    tail_tokens: int
    """So much of the rarest verified text is set apart for the tail; 0 without."""
    manifest: SetManifest
    warnings: list[str]


def settle(arguments: argparse.Namespace) -> MixSettings:
    """Loads and checks what the recipe names.

    Raises:
        UsageError: something can't be loaded, or doesn't fit together; one line.
    """
    try:
        recipe = parse_recipe(read_text(arguments.recipe, "--recipe"), arguments.recipe)
        sources = load_sources(recipe.sources)
    except ValueError as error:
        raise UsageError(str(error)) from error
    names = [name for name in arguments.run.split(",") if name] if arguments.run else recipe.runs
    runs = load_runs(names)
    anchor = load_anchor(recipe.anchor) if recipe.anchor else None
    profile, profile_sha256, warnings = _profile(recipe, runs)
    runs_tokenizer, tokenizer = _tokenizers(recipe, runs[0], profile)
    if recipe.by == "probabilities" and profile.classifier is None:
        raise UsageError(
            f"by: probabilities: profile {profile.name} counts votes, which is no calibrated probability; "
            "use by: labels, or curate under a calibrated profile"
        )
    first = runs[0].manifest
    warnings += check_gate(profile, recipe.gate, first.scorer, recipe.batch_documents)
    pack = _pack(recipe)
    files = files_of(runs)
    if pack:
        files.documents.append(pack)
    low = recipe.low_frequency
    by_rarity = recipe.tail is not None and recipe.tail.pack == TOP_RARITY
    facts = MixFacts(
        seed=recipe.seed,
        scratch=str(FileSystems.join(arguments.output, UNFINISHED)),
        low_frequency=low,
        sources=sources,
        rarity=by_rarity or (low is not None and low.strength > 0),
        tokenizer=recipe.tokenizer or runs_tokenizer,
        recount=recipe.tokenizer is not None,
        runs=len(runs),
        cap=low.cap if low else 1,
    )
    return MixSettings(
        recipe=recipe,
        runs=runs,
        files=files,
        facts=facts,
        writing=SetSettings(
            output=arguments.output,
            format=recipe.format,
            profile=profile,
            gate=recipe.gate,
            scorer=first.scorer.id if first.scorer else None,
            runs_tokenizer=runs_tokenizer,
            batch_documents=recipe.batch_documents,
        ),
        keep_out=KeepOut(facts, anchor is not None, pack.path if pack else None) if anchor or pack else None,
        anchor=anchor.documents if anchor else [],
        tail_tokens=int(recipe.tokens * recipe.tail.share / BETTER_COPIES)
        if by_rarity and recipe.tail
        else 0,
        manifest=_empty_manifest(
            recipe,
            arguments,
            runs,
            profile,
            profile_sha256,
            tokenizer,
            facts,
            pack,
            anchor.facts if anchor else None,
        ),
        warnings=warnings,
    )


def _profile(recipe: Recipe, runs: list[MixedRun]) -> tuple[Profile, str, list[str]]:
    """The profile of the recipe, else that of the first run; to enforce, it must be the very same."""
    if recipe.profile is not None:
        return (*load_profile(recipe.profile), [])
    first = runs[0]
    name = first.manifest.parameters.get("profile", REFERENCE_EN)
    try:
        profile, sha256 = load_profile(name)
    except UsageError as error:
        raise UsageError(f"{error}; name the profile of {first.path} in the recipe (profile:)") from error
    others = [run.path for run in runs if run.manifest.profile_sha256 != sha256]
    warnings = [
        f"{path} was labelled under another version of profile {name} than this one" for path in others
    ]
    if others and recipe.gate == "enforce":
        raise UsageError(f"gate: enforce: {warnings[0]}; name the profile in the recipe (profile:)")
    return profile, sha256, warnings


def _tokenizers(recipe: Recipe, run: MixedRun, profile: Profile) -> tuple[str, Tokenizer]:
    """(the runs' tokenizer by name, the set's)."""
    name = run.manifest.parameters.get("scorer") or default_scorer(profile)
    try:
        of_runs = load_tokenizer(name)
        of_set = load_tokenizer(recipe.tokenizer) if recipe.tokenizer else of_runs
    except ValueError as error:
        raise UsageError(str(error)) from error
    scorer = run.manifest.scorer
    if scorer is not None and scorer.tokenizer_sha256 != of_runs.sha256:
        raise UsageError(
            f"the tokenizer of {name} is not the one that {run.path} was tokenized by: put that one back"
        )
    return name, of_set


def _pack(recipe: Recipe) -> RunFile | None:
    if recipe.tail is None or recipe.tail.pack == TOP_RARITY:
        return None
    content = read_bytes(recipe.tail.pack, "tail: pack")
    return RunFile(
        run="",
        place=-1,
        path=recipe.tail.pack,
        label=TAIL,
        rows=0,
        sha256=sha256_hex(content),
    )


def _empty_manifest(
    recipe: Recipe,
    arguments: argparse.Namespace,
    runs: list[MixedRun],
    profile: Profile,
    profile_sha256: str,
    tokenizer: Tokenizer,
    facts: MixFacts,
    pack: RunFile | None,
    anchor: dict[str, str] | None,
) -> SetManifest:
    """The manifest of a set of which nothing was counted yet."""
    return SetManifest(
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
        scorer=runs[0].manifest.scorer,
        scored_on={},
        profile=profile.name,
        gate=recipe.gate,
        code_version=CODE_VERSION,
        started=utc_now(),
        finished="",
        files={},
        by_source={},
        histograms={},
        conflicts=0,
        renamed_ids=0,
        profile_sha256=profile_sha256,
        batch_documents=recipe.batch_documents,
        batch_by=["source", "language"],
        window_days=1,
        parameters={
            name: public_path(str(v)) for name, v in vars(arguments).items() if v not in (None, False, "")
        },
        recipe=recipe.model_dump(mode="json"),
        seed=recipe.seed,
        runs=[run.source for run in runs],
        pack_sha256=pack.sha256 if pack else None,
        anchor=anchor,
        tokenizer=facts.tokenizer,
        tokenizer_sha256=tokenizer.sha256,
        separator_id=tokenizer.bos_id,
        token_dtype=token_dtype(tokenizer.vocab_size),
        low_frequency=LowFrequencyFacts(
            cap=facts.cap,
            median_rarity=None,
            perplexity_limits={},
            sources=[entry.model_dump(mode="json") for entry in facts.sources],
            tail_until=None,
        ),
        plan=[],
        lowered_from=None,
        drawn=[],
        shares={},
        distinct_documents=0,
        copies={},
        effective_sample_size=0.0,
        expected_synthetic=None,
        without_probability=0,
        kept_out={},
        rare_types=None,
        rarity={},
        tail=[],
    )

"""`wellspring calibrate`: labelled text into a profile, with a page that says what it is worth."""

import argparse
import itertools
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import TextIO

from wellspring.pages.calibration import calibration_page, summary
from wellspring.pipelines.baseline_runs import audited_strata
from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.column_flags import columns_of
from wellspring.pipelines.command.input_files import input_files_once, listed
from wellspring.pipelines.command.labelled_input import read_labelled
from wellspring.pipelines.command.own_output import own_file, refuse_inputs, refuse_two_readers
from wellspring.pipelines.curate_settings import load_profile
from wellspring.pipelines.evaluate import read_scored
from wellspring.pipelines.flags.calibrate import parser
from wellspring.schemas.batch import MeasuredDocument
from wellspring.schemas.document import Document
from wellspring.schemas.measurements import Measurements
from wellspring.schemas.profile import Gate, Profile
from wellspring.schemas.reject import Reject
from wellspring.signals.batch.gate_limits import baseline_limits
from wellspring.signals.calibration.accuracy import accuracy, mean_over_collections
from wellspring.signals.calibration.classifier_fitting import Fitting, Measured, refuse_too_few
from wellspring.signals.calibration.labelled import LabelledText, independent
from wellspring.signals.calibration.profile_fitting import Measure, fit_profile, refuse_promise
from wellspring.signals.lm.measuring import measure_documents, with_language
from wellspring.signals.lm.scorer import Scorer
from wellspring.signals.lm.scorer_fingerprint import scorer_fingerprint
from wellspring.signals.lm.scoring import score_documents
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.transforms.storage.whole_file import messages_beside, takes_its_place, write_whole

_CHUNK = 512


def run(argv: Sequence[str] | None = None) -> int:
    """Writes the profile and its page; exit code 0."""
    arguments = parser().parse_args(argv)
    if bool(arguments.labelled) == bool(arguments.profile):
        raise UsageError("give --labelled for a new profile, or --profile to add to one")
    if arguments.profile and not arguments.baseline:
        raise UsageError("--profile goes with --baseline=RUN, earlier runs under it")
    named = {name: listed(getattr(arguments, name) or "") for name in ("labelled", "text_only", "scored")}
    profile = [arguments.profile] if arguments.profile else []
    refuse_two_readers("calibrate", [*itertools.chain(*named.values()), *profile])
    for name, patterns in named.items():
        setattr(arguments, name, input_files_once(f"--{name}", patterns))
    inputs = [*arguments.labelled, *arguments.text_only, *arguments.scored, *profile]
    output: str = arguments.output
    with own_file("calibrate", output, inputs):
        return _run(arguments, output, inputs)


def _run(arguments: argparse.Namespace, output: str, inputs: Sequence[str]) -> int:
    say = messages_beside(output)
    page = f"{output.removesuffix('.json')}.html" if takes_its_place(output) else None
    if page:
        refuse_inputs(page, inputs)
    profile = (
        load_profile(arguments.profile)[0] if arguments.profile else _calibrated(arguments, output, page, say)
    )
    if arguments.baseline:
        profile = _with_baseline(profile, arguments.baseline.split(","), say)
    write_whole(output, profile.model_dump_json(indent=1).encode() + b"\n", inputs)
    print(f"profile {profile.name} is in {output}", file=say)
    return 0


def _calibrated(arguments: argparse.Namespace, output: str, page: str | None, say: TextIO) -> Profile:
    """The profile of the labelled text; prints and draws what it is worth."""
    try:
        columns, more = columns_of(arguments), arguments.text_only
        labelled = read_labelled(arguments.labelled, "--labelled", columns)
        text_only = read_labelled(more, "--text_only", columns) if more else []
        together = independent([*labelled, *text_only])
        refuse_too_few(labelled)
        refuse_promise(together[: len(labelled)], arguments.max_fpr)
        fingerprint = scorer_fingerprint(arguments.scorer)
        measure = _measuring(arguments.scorer)
        measured, language = _measured(
            together[: len(labelled)], measure, _scored(arguments.scored, fingerprint.id)
        )
        fitting = Fitting(measured, together[len(labelled) :])
        calibrated = fit_profile(
            fitting,
            measure,
            max_fpr=arguments.max_fpr,
            batch_documents=arguments.batch_documents,
            language=language,
            say=_say,
        )
    except ValueError as error:
        raise UsageError(f"{error}") from error
    results = {name: accuracy(judged) for name, judged in calibrated.judged.items()}
    profile = Profile(
        name=arguments.name or PurePosixPath(output).stem,
        description="A calibrated classifier and gate; its figures hold for text like that it was made from.",
        can_enforce=calibrated.gate is not None,
        scorer=fingerprint.id,
        scorer_name=arguments.scorer,
        languages=[language],
        batch_documents=arguments.batch_documents,
        classifier=calibrated.classifier,
        gate=calibrated.gate or Gate(signal="entropy_bits", direction="below"),
        calibrated_on=_origin(fitting, arguments),
        measured={
            name: value
            for name, value in mean_over_collections(results["leave one collection out"]).items()
            if value is not None
        },
    )
    print(summary(profile, calibrated, results), file=say)
    if page:
        write_whole(page, calibration_page(profile, calibrated, results).encode())
        print(f"\nthe page is {page}", file=say)
    return profile


def _scored(paths: Sequence[str], scorer: str) -> dict[str, Measurements]:
    """Measurements by id of files that `wellspring score` wrote.

    Raises:
        ValueError: one is no such file, or another scorer made it.
    """
    rows = read_scored(paths).values()
    measured = {row.measurements.id: row.measurements for row in rows if row.measurements is not None}
    others = {m.scorer for m in measured.values()} - {scorer}
    if others:
        raise ValueError(
            f"--scored={','.join(paths)} was measured by scorer {sorted(map(str, others))[0]}, "
            f"this is {scorer}"
        )
    return measured


def _measuring(scorer_name: str) -> Measure:
    tokenizer, scorer = load_tokenizer(scorer_name), Scorer.load(scorer_name)

    def measure(texts: Sequence[LabelledText]) -> list[Measurements]:
        """Raises ValueError for a text that can't be measured."""
        results: list[Measurements] = []
        for start in range(0, len(texts), _CHUNK):
            chunk = texts[start : start + _CHUNK]
            documents = [
                with_language(Document(id=t.id, text=t.text, source=t.source, file_path="labelled", offset=i))
                for i, t in enumerate(chunk)
            ]
            measured = measure_documents(documents, tokenizer)
            known = [m for m in measured if isinstance(m, MeasuredDocument)]
            for result in (*score_documents(known, scorer), *(m for m in measured if isinstance(m, Reject))):
                if isinstance(result, Reject):
                    raise ValueError(f"{result.id}: {result.reason}: {result.detail}")
                results.append(result.measurements)
            _say(f"{start + len(chunk):,} of {len(texts):,} texts measured")
        return results

    return measure


def _measured(
    texts: Sequence[LabelledText], measure: Measure, known: dict[str, Measurements]
) -> tuple[Measured, str]:
    """The texts in the language of most of them, with their measurements."""
    missing = [text for text in texts if text.id not in known]
    known = known | {m.id: m for m in measure(missing)} if missing else known
    languages = Counter(known[text.id].language for text in texts)
    language = max(languages, key=lambda name: (languages[name], name or ""))
    if language is None:
        raise ValueError("the language of most labelled texts can't be told: give longer texts")
    kept = [text for text in texts if known[text.id].language == language]
    if len(kept) < len(texts):
        _say(f"{len(texts) - len(kept):,} texts are not in {language} and are left out")
    return Measured(kept, [known[text.id] for text in kept]), language


def _origin(fitting: Fitting, arguments: argparse.Namespace) -> str:
    names = [PurePosixPath(name).name for name in arguments.labelled]
    extra = len(fitting.texts) - fitting.own
    others = ", ".join(PurePosixPath(name).name for name in arguments.text_only)
    more = f", and {extra:,} of {others} for the text features" if extra else ""
    synthetic = int(fitting.synthetic[: fitting.own].sum())
    return f"{', '.join(names)}: {fitting.own - synthetic:,} human, {synthetic:,} synthetic documents{more}"


def _with_baseline(profile: Profile, runs: Sequence[str], say: TextIO) -> Profile:
    strata = audited_strata(runs, profile)
    tests = []
    for test in profile.gate.tests:
        limits = baseline_limits(strata.get(test.signal, {}), test.direction, len(strata))
        tests.append({"strata": {**test.strata, **limits}})
        for stratum, limit in limits.items():
            print(
                f"{stratum}: {test.signal} {test.direction} {limit.limit:.3f} is held "
                f"({limit.batches} batches, mean {limit.mean:.3f}, spread {limit.spread:.3f})",
                file=say,
            )
    if not any(test["strata"] for test in tests):
        raise UsageError("--baseline: no stratum of these runs has two gated batches; give more crawls")
    also = [test.model_copy(update=own) for test, own in zip(profile.gate.also, tests[1:], strict=True)]
    gate = profile.gate.model_copy(update={**tests[0], "also": also})
    return profile.model_copy(update={"gate": gate})


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["calibrate", *sys.argv[1:]])

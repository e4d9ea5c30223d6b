"""`wellspring monitor`: early signs of collapse in a model's outputs, window by window."""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence

import msgspec

from wellspring.pages.monitor import monitor_page
from wellspring.pages.monitor_words import doubts, outcome, tested
from wellspring.pipelines.command.arguments import UsageError, read_text
from wellspring.pipelines.command.column_flags import columns_of
from wellspring.pipelines.command.input_files import input_files_once
from wellspring.pipelines.command.own_output import own_folder, refuse_inputs, refuse_two_readers
from wellspring.pipelines.flags.monitor import FEWEST_OUTPUTS, WINDOW, parser
from wellspring.schemas.document import Document
from wellspring.schemas.encoding import json_bytes
from wellspring.schemas.monitor import Alarm, MonitorReport, OutputBaseline
from wellspring.schemas.reject import RECORD
from wellspring.signals.collapse.output_windows import (
    Output,
    described,
    in_windows,
    make_baseline,
    rare_pairs,
    watched_series,
)
from wellspring.signals.lm.model_folder import REFERENCE_EN
from wellspring.signals.lm.tokenization import Tokenizer, load_tokenizer
from wellspring.transforms.formats.own_texts import read_own_texts, refusal
from wellspring.transforms.formats.rows import Columns
from wellspring.transforms.storage.public_path import public_path
from wellspring.transforms.storage.whole_file import (
    STANDARD,
    OutputIsInputError,
    check_no_input,
    messages_beside,
    write_whole,
)

ALARM = 3
_BASELINE, _PAGE, _REPORT = "baseline.json", "report.html", "monitor.json"
_EMPTY = ("empty", "too_short")


def run(argv: Sequence[str] | None = None) -> int:
    """Watches outputs; exit code 0, or 3 when an alarm was raised.

    Raises:
        UsageError: the arguments are wrong, or there are too few outputs or too small a baseline.
    """
    flags = parser().parse_args(argv)
    refuse_two_readers("monitor", [flags.outputs, flags.baseline])
    outputs = input_files_once("--outputs", [flags.outputs])
    first = input_files_once("--baseline", [flags.baseline])
    if flags.output == STANDARD:
        return _run(flags, outputs, first)
    inputs = [*outputs, *first]
    with own_folder("monitor", flags.output, inputs, writes=[_REPORT, _PAGE]):
        if not _is_kept(flags):
            refuse_inputs(f"{flags.output}/{_BASELINE}", inputs)
        return _run(flags, outputs, first)


def _run(flags: argparse.Namespace, files: Sequence[str], first: Sequence[str]) -> int:
    if flags.window is not None and flags.window < FEWEST_OUTPUTS:
        raise UsageError(f"--window={flags.window}: at least {FEWEST_OUTPUTS}")
    columns = columns_of(flags)
    try:
        kept = _kept_baseline(flags.baseline)
        tokenizer = load_tokenizer(flags.tokenizer or (kept.tokenizer if kept else REFERENCE_EN))
        baseline = kept or make_baseline(
            _read(first, "--baseline", tokenizer, columns)[0], tokenizer, flags.window or WINDOW
        )
        tail = rare_pairs(baseline.tail)
    except UsageError:
        raise
    except ValueError as error:
        raise UsageError(f"--baseline={flags.baseline}: {error}") from error
    _check(baseline, tokenizer, flags.window, flags.baseline)

    outputs, rejected = _read(files, "--outputs", tokenizer, columns)
    if not any(len(output.ids) for output in outputs):
        raise UsageError(f"--outputs={flags.outputs}: all {_counted(len(outputs))} are empty")
    dated = all(output.date for output in outputs)
    if dated:
        outputs = sorted(outputs, key=lambda output: str(output.date))
    groups = in_windows(outputs, baseline.window)
    if len(groups) < 2:
        raise UsageError(
            f"--outputs={flags.outputs} holds {_counted(len(outputs))}, and a trend "
            f"takes two windows of {baseline.window:,}: give more, or a smaller --window"
        )
    windows = [described(group, tail, baseline) for group in groups]
    series = watched_series(windows, baseline.signals)
    alarms = [
        Alarm(
            signal=one.signal,
            direction=one.direction,
            window=index,
            since=index if step.since is None else step.since,
            date=windows[index].first_date,
        )
        for one in series
        for index, step in enumerate(one.steps)
        if step.alarm
    ]
    report = MonitorReport(
        outputs=len(outputs),
        order="date" if dated else "file",
        left_over=len(outputs) - sum(map(len, groups)),
        rejected=dict(sorted(rejected.items())),
        baseline=public_path(flags.baseline),
        baseline_outputs=baseline.outputs,
        baseline_windows=max(signal.windows for signal in baseline.signals.values()),
        tokenizer=baseline.tokenizer,
        window=baseline.window,
        tokens=baseline.tokens,
        baseline_signals=baseline.signals,
        windows=windows,
        series=series,
        alarms=sorted(alarms, key=lambda alarm: alarm.window),
    )
    _write(flags, baseline, report)
    print(_summary(report, flags.output), file=messages_beside(flags.output))
    return ALARM if alarms else 0


def _kept_baseline(path: str) -> OutputBaseline | None:
    """A baseline that an earlier run measured; None for a file of outputs."""
    if not path.endswith(".json"):
        return None
    try:
        return msgspec.json.decode(read_text(path, "--baseline"), type=OutputBaseline)
    except msgspec.DecodeError as error:
        raise ValueError(
            f"not a baseline.json of this version ({error}); outputs are read from .jsonl or .parquet"
        ) from error


def _check(baseline: OutputBaseline, tokenizer: Tokenizer, window: int | None, path: str) -> None:
    if baseline.tokenizer_sha256 != tokenizer.sha256:
        raise UsageError(
            f"--baseline={path} was measured with another tokenizer "
            f"({baseline.tokenizer}) than {tokenizer.name}: measure it again from its outputs"
        )
    if window is not None and window != baseline.window:
        raise UsageError(
            f"--baseline={path} was measured on windows of {baseline.window:,}, "
            f"not {window:,}: leave out --window, or measure it again from its outputs"
        )


def _read(
    paths: Sequence[str], flag: str, tokenizer: Tokenizer, columns: Columns
) -> tuple[list[Output], Counter[str]]:
    """Outputs in the order of the files, empty ones in their places with the date before them; and what is
    no output, by reason.

    Raises:
        UsageError: there is no such file, or no output in it.
    """
    found: list[tuple[str, str | None, str]] = []
    rejected: Counter[str] = Counter()
    for record in read_own_texts(paths, columns):
        if isinstance(record, Document):
            found.append((record.id, record.date or record.created, record.text))
        elif record.kind == RECORD and record.reason in _EMPTY:
            found.append((record.id or f"line {record.offset}", found[-1][1] if found else None, ""))
        else:
            rejected[record.reason] += 1
            if record.kind != RECORD and not found:
                raise UsageError(f"{flag}: {refusal(record)}")
            if record.kind != RECORD:
                print(f"warning: {flag}: {refusal(record)}", file=sys.stderr)
    if not found:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in sorted(rejected.items()))
        said = f" ({reasons})" if reasons else ""
        raise UsageError(f"{flag}={','.join(paths)} holds no output{said}")
    encoded = tokenizer.encode_batch([text for _, _, text in found])
    return [Output(*each, ids) for each, ids in zip(found, encoded, strict=True)], rejected


def _is_kept(flags: argparse.Namespace) -> bool:
    """Whether the baseline is the one that lies in the output already: it stays as it is."""
    try:
        check_no_input(f"{flags.output}/{_BASELINE}", [flags.baseline])
    except OutputIsInputError:
        return bool(flags.baseline.endswith(".json"))
    return False


def _write(flags: argparse.Namespace, baseline: OutputBaseline, report: MonitorReport) -> None:
    """Each file whole, monitor.json last; or that one alone where standard output is to have it."""
    encoded = _json(report)
    if flags.output == STANDARD:
        write_whole(STANDARD, encoded)
        return
    if not _is_kept(flags):
        write_whole(f"{flags.output}/{_BASELINE}", _json(baseline))
    write_whole(f"{flags.output}/{_PAGE}", monitor_page(report).encode())
    write_whole(f"{flags.output}/{_REPORT}", encoded)


def _json(content: msgspec.Struct) -> bytes:
    return json_bytes(content, indent=1) + b"\n"


def _counted(outputs: int) -> str:
    return "1 output" if outputs == 1 else f"{outputs:,} outputs"


def _summary(report: MonitorReport, folder: str) -> str:
    lines = [
        f"{report.outputs:,} outputs in {len(report.windows):,} windows of {report.window:,}, in the order "
        f"of {'their dates' if report.order == 'date' else 'the file'}"
        + (f"; the last {report.left_over:,} fill no window" if report.left_over else "")
    ]
    for reason, count in report.rejected.items():
        lines.append(f"not read, {reason}: {count:,}")
    first: dict[str, Alarm] = {}
    for alarm in report.alarms:
        first.setdefault(alarm.signal, alarm)
    for signal, alarm in first.items():
        date = f" ({alarm.date[:10]})" if alarm.date else ""
        lines.append(
            f"ALARM {signal} {alarm.direction} its baseline: raised in window {alarm.window + 1}{date}, "
            f"drifting since window {alarm.since + 1}"
        )
    if not report.alarms:
        lines += [outcome(report), *doubts(report)]
    elif len(report.alarms) > 1:
        lines.append(f"{len(report.alarms):,} alarms in all")
    lines.append(tested(report))
    if folder != STANDARD:
        lines.append(f"the page is {folder.rstrip('/')}/{_PAGE}")
    return "\n".join(lines)


if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["monitor", *sys.argv[1:]])

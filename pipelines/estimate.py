"""`wellspring estimate`: what a run would read, take and cost, before it is started.

files -> a sample by hash of the path -> records, documents, text and tokens of each
      -> totals with an interval -> hours, storage and dollars by cost_assumptions.yaml
"""

import heapq
import json
import math
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from wellspring.pipelines.command.arguments import UsageError, read_text
from wellspring.pipelines.command.beam_options import parse_arguments
from wellspring.pipelines.command.column_flags import columns_of
from wellspring.pipelines.command.input_files import input_files_once
from wellspring.pipelines.curate_settings import default_scorer, load_profile
from wellspring.pipelines.flags.estimate import ASSUMPTIONS, parser
from wellspring.schemas.cost_assumptions import CostAssumptions
from wellspring.schemas.document import Document
from wellspring.schemas.reject import RECORD
from wellspring.signals.batch.run_estimate import (
    ASSUMED,
    GIGABYTE,
    FileCounts,
    Volume,
    added,
    assumed_volume,
    cpu_hours,
    machine_costs,
    parse_assumptions,
    sampled_volume,
    scoring_cpu_hours,
    shuffle_dollars,
    stored_bytes,
)
from wellspring.signals.lm.model_folder import REFERENCE_EN, model_folder, model_names
from wellspring.signals.lm.tokenization import Tokenizer, load_tokenizer
from wellspring.signals.stats.hashing import content_hash, stable_hash
from wellspring.signals.stats.intervals import Estimate
from wellspring.transforms.formats.own_texts import refusal
from wellspring.transforms.formats.read_file import read_file
from wellspring.transforms.formats.rows import COLUMNS, Columns
from wellspring.transforms.formats.source_stream import SourceStream, StorageError
from wellspring.transforms.storage.file_names import file_name
from wellspring.transforms.storage.find_files import same_file_key
from wellspring.transforms.storage.open_files import name_of, open_once
from wellspring.transforms.storage.public_path import public_text

# Of each file so many documents, those with the smallest hashes, are tokenized: a WET file has 30,000.
TOKENIZED_DOCUMENTS = 1000
# After so many that can't be read all are taken as out of reach: each may take half a minute of retries.
_UNREADABLE = 2
_MAX_HEADER = 1 << 26


class Scoring(NamedTuple):
    """What tokenizes, and the parameters of each model that scores."""

    name: str
    tokenizer: Tokenizer
    parameters: list[float]


def run(argv: Sequence[str] | None = None) -> int:
    """Prints the estimate; exit code 0."""
    arguments, _ = parse_arguments(parser(), argv)
    assumptions = load_assumptions(arguments.assumptions)
    scoring = load_scoring(arguments.scorer, assumptions)
    found = input_files_once("--input", arguments.input, prefix=arguments.path_prefix)
    files = list({same_file_key(path): path for path in reversed(found)}.values())[::-1]
    volume = measure_volume(files, arguments.sample, scoring.tokenizer, assumptions, columns_of(arguments))
    print(estimate_table(volume, scoring, assumptions))
    return 0


def load_assumptions(path: str | None) -> CostAssumptions:
    """The assumptions of a file, or those that ship.

    Raises:
        UsageError: it can't be read, or isn't of the form.
    """
    content = read_text(path, "--assumptions") if path else ASSUMPTIONS.read_text(encoding="utf-8")
    try:
        return parse_assumptions(content, path or ASSUMPTIONS.name)
    except ValueError as error:
        raise UsageError(f"--assumptions: {error}") from error


def load_scoring(name: str | None, assumptions: CostAssumptions) -> Scoring:
    """The scorer's tokenizer, and how large its models are.

    Raises:
        UsageError: there is no such scorer, or its weights don't say how many they are.
    """
    scorer = name or default_scorer(load_profile(REFERENCE_EN)[0])
    try:
        if scorer == "none":
            return Scoring("none", load_tokenizer(REFERENCE_EN), [])
        if scorer in assumptions.models:  # one that isn't at hand: the embedded tokenizer stands for its own
            return Scoring(scorer, load_tokenizer(REFERENCE_EN), [assumptions.models[scorer]])
        parameters = [float(parameter_count(model_folder(model).path)) for model in model_names(scorer)]
        return Scoring(scorer, load_tokenizer(scorer), parameters)
    except (ValueError, OSError) as error:
        raise UsageError(
            f"--scorer={scorer}: {error}; or name one of the assumptions' models: "
            f"{', '.join(assumptions.models)}"
        ) from error


def parameter_count(folder: Path) -> int:
    """Numbers in a folder's safetensors files, by their headers; nothing is loaded.

    Raises:
        ValueError: there are none, or a header is damaged.
    """
    count = 0
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8).ljust(8, b"\0"))
            if length > _MAX_HEADER:
                raise ValueError(f"{path} is no safetensors file: its header would have {length:,} bytes")
            header = json.loads(file.read(length))
        count += sum(math.prod(t["shape"]) for name, t in header.items() if name != "__metadata__")
    if not count:
        raise ValueError(f"{folder} has no safetensors files")
    return count


def measure_volume(
    files: Sequence[str],
    sample: int,
    tokenizer: Tokenizer,
    assumptions: CostAssumptions,
    columns: Columns = COLUMNS,
) -> Volume:
    """Totals over the files from the `sample` of them with the smallest hashes; assumed where none can
    be read. What was left out, and why, goes to the error output.
    """
    in_order = sorted(files, key=lambda path: (stable_hash(path, "estimate"), path))
    counts: list[FileCounts] = []
    seen: set[bytes] = set()
    unreadable = 0
    for path in in_order:
        if len(counts) == sample or (not counts and unreadable == _UNREADABLE):
            break
        try:
            counts.append(count_file(path, tokenizer, seen, columns))
        except (OSError, StorageError, ValueError) as error:
            unreadable += 1
            print(public_text(f"warning: {path} can't be read: {error}"), file=sys.stderr)
    if not counts:
        return assumed_volume(len(files), assumptions)
    return sampled_volume(counts, len(files), _bytes_of_all(files))


def _bytes_of_all(files: Sequence[str]) -> float | None:
    """Stored bytes of all files; None unless all lie on this machine: asking a store for each of
    90,000 takes longer than it is worth.
    """
    try:
        return float(sum(Path(file_name(path)).stat().st_size for path in files))
    except OSError:
        return None


def count_file(path: str, tokenizer: Tokenizer, seen: set[bytes], columns: Columns = COLUMNS) -> FileCounts:
    """What one file holds; texts that are in `seen` already count as records alone.

    Tokens are counted in the documents with the smallest hashes, and scaled by their bytes.

    Raises:
        OSError, StorageError: it can't be read.
    """
    records = documents = text_bytes = 0
    sampled: list[tuple[int, int, str]] = []
    with open_once(path) as raw:
        stream = SourceStream(raw)
        outcomes = read_file(cast(BinaryIO, stream), name_of(path), columns=columns)
        for number, outcome in enumerate(outcomes):
            records += isinstance(outcome, Document) or outcome.kind == RECORD
            if not isinstance(outcome, Document):
                if outcome.kind != RECORD:
                    print(public_text(f"warning: {refusal(outcome)}"), file=sys.stderr)
                continue
            digest = content_hash(outcome.text)
            if digest in seen:
                continue
            seen.add(digest)
            documents += 1
            text_bytes += len(outcome.text.encode(errors="replace"))
            entry = (-stable_hash(outcome.id, "estimate"), number, outcome.text)
            if len(sampled) < TOKENIZED_DOCUMENTS:
                heapq.heappush(sampled, entry)
            else:
                heapq.heappushpop(sampled, entry)
        stored = stream.consumed
    texts = [text for _, _, text in sampled]
    of_sample = sum(len(text.encode(errors="replace")) for text in texts)
    tokens = float(sum(len(ids) for ids in tokenizer.encode_batch(texts)))
    if documents > len(texts) and of_sample:
        tokens *= text_bytes / of_sample
    return FileCounts(float(stored), float(records), float(documents), float(text_bytes), tokens)


def estimate_table(volume: Volume, scoring: Scoring, assumptions: CostAssumptions) -> str:
    """The estimate for people: figure, interval, and where each comes from."""
    files = f"{volume.files:,}"
    if volume.sampled:
        files += f", {volume.sampled:,} of them read"
    rows: list[tuple[str, str, str]] = [("files", files, "counted")]
    for name, total in volume.totals.items():
        unit = GIGABYTE if name.endswith("bytes") else 1.0
        title = name.replace("_bytes", ", GB") if unit > 1 else name
        rows.append((title, _interval(total, unit), volume.basis))
    scored = scoring_cpu_hours(volume, scoring.parameters, assumptions)
    rest = cpu_hours(volume, assumptions)
    run = stored_bytes(volume, assumptions)
    month = assumptions.storage.dollars_per_gigabyte_month
    rows += [
        ("core-hours without scoring", _interval(rest), f"{volume.basis} x measured rate"),
        *(
            [
                (
                    "core-hours with scoring on CPU",
                    _interval(added(rest, scored)),
                    _rate(volume, scoring, assumptions),
                )
            ]
            if scoring.parameters
            else []
        ),
        ("the run's folder, GB", _interval(run, GIGABYTE), f"{volume.basis} x measured rate"),
        ("  dollars per month", _interval(run, GIGABYTE / month), "x assumed price"),
        (
            "dollars for Dataflow's shuffle",
            _interval(shuffle_dollars(volume, assumptions)),
            "x assumed price",
        ),
    ]
    lines = _aligned(
        [("", "estimate (95% interval)" if volume.sampled else "estimate (low - high)", "basis"), *rows]
    )
    costs = [("machine", "machine-hours", "GPU-hours", "dollars")]
    for cost in machine_costs(volume, scoring.parameters, assumptions):
        gpu = _interval(cost.gpu_hours) if cost.gpu_hours else "-"
        costs.append((cost.machine, _interval(cost.cpu_hours), gpu, _interval(cost.dollars)))
    return "\n".join([*lines, "", f"scorer: {scoring.name}", *_aligned(costs), "", *_notes(volume)])


def _rate(volume: Volume, scoring: Scoring, assumptions: CostAssumptions) -> str:
    measured = assumptions.rates.parameters_of_that_model
    same = all(abs(p / measured - 1) < 0.1 for p in scoring.parameters)
    return f"{volume.basis} x {'measured rate' if same else 'rate assumed by the number of parameters'}"


def _notes(volume: Volume) -> list[str]:
    notes = [
        "Prices are from memory, a GPU's rate is its data sheet's peak at an assumed utilisation: "
        "edit them (--assumptions).",
        "On a GPU the scoring step alone runs there; the first CPU machine does the rest.",
    ]
    if volume.basis == ASSUMED:
        return ["No file was read: figures of a file are the assumptions' WET file.", *notes]
    notes.insert(0, "The interval is that of the sample of files; rates and prices add errors of their own.")
    if volume.sampled < volume.files:
        notes.append(
            "Duplicates are known within the sample alone: a run will find more, and cost no more than this."
        )
    if volume.sampled == 1 < volume.files:
        notes.append("One file gives no interval: --sample=4 or more.")
    return notes


def _interval(estimate: Estimate, unit: float = 1.0) -> str:
    text = _rounded(estimate.value / unit)
    if estimate.low is None or estimate.high is None:
        return f"{text} (no interval)"
    if estimate.low == estimate.high:
        return text
    return f"{text} ({_rounded(estimate.low / unit)} - {_rounded(estimate.high / unit)})"


def _rounded(value: float) -> str:
    """Whole from 100 on, three significant digits below."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]


if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["estimate", *sys.argv[1:]])

"""Windows of a model's outputs: what they show of its diversity, and a CUSUM of each figure.

Most figures depend on how much text they see. So every window is looked at through as many tokens as the
baseline fixed, from its outputs in the order of their hashes; a window with fewer has no value there.

The baseline's outputs are dealt into halves by hash. One gives the rare token pairs, the other the windows:
text always has the rare pairs that were found in it, so its own coverage would promise too much. From the
windows come mean and spread, and `signals.batch.drift` allows for how uncertain these are: the fewer windows,
the larger the step that is seen. All series together raise at most about one false alarm in 500 windows.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from wellspring.schemas.monitor import (
    SIGNALS,
    WATCHED,
    BaselineSignal,
    CusumStep,
    OutputBaseline,
    OutputWindow,
    Series,
)
from wellspring.schemas.tail import TailReferenceFile
from wellspring.signals.batch.drift import Baseline, cusum, detectable_shift
from wellspring.signals.batch.tail_coverage import (
    TailReference,
    grouped_presence,
    make_tail_reference,
    read_tail_reference,
)
from wellspring.signals.batch.token_groups import pair_keys, sorted_distinct
from wellspring.signals.batch.window_sums import WindowFigure
from wellspring.signals.collapse.self_bleu import OUTPUTS, self_bleu
from wellspring.signals.lm.tokenization import Tokenizer
from wellspring.signals.stats.entropy_bias import frequencies_of, plug_in_entropy
from wellspring.signals.stats.hashing import stable_hash
from wellspring.signals.stats.intervals import Estimate

FEWEST_WINDOWS = 5
"""Of a baseline."""
_SHARE_LOOKED_AT = 0.8
"""Of the tokens of the baseline's smallest window: other windows should have as many, too."""
_REPETITION_TOKENS = 256
_REPETITION_ORDER = 4
_FACTOR = np.int64(-7046029254386353131)


class Output(NamedTuple):
    """One output of a model; `text` may be empty."""

    id: str
    date: str | None
    text: str
    ids: NDArray[np.int32]


def in_windows(outputs: Sequence[Output], size: int) -> list[list[Output]]:
    """Whole windows of consecutive outputs."""
    whole = len(outputs) // size
    return [list(outputs[first * size : (first + 1) * size]) for first in range(whole)]


def make_baseline(outputs: Sequence[Output], tokenizer: Tokenizer, size: int) -> OutputBaseline:
    """A baseline from outputs of a model known to be well, or from human text.

    Raises:
        ValueError: fewer than five windows in the measured half, or no text; one line.
    """
    ordered = sorted(outputs, key=lambda output: (stable_hash(output.id, "baseline"), output.text))
    half = len(ordered) // 2
    reference, measured = ordered[:half], in_windows(ordered[half:], size)
    if len(measured) < FEWEST_WINDOWS:
        raise ValueError(
            f"{len(outputs):,} outputs are too few for a baseline: windows of {size:,} take "
            f"{2 * FEWEST_WINDOWS * size:,}, one half for {FEWEST_WINDOWS} windows and one for the rare pairs"
        )
    tokens = int(_SHARE_LOOKED_AT * min(sum(len(o.ids) for o in window) for window in measured))
    size_in_bytes = int(_SHARE_LOOKED_AT * min(sum(len(o.text.encode()) for o in w) for w in measured))
    if tokens < 2:
        raise ValueError(f"a window of {size:,} baseline outputs has no text")
    tail = make_tail_reference([o.ids for o in reference if len(o.ids) > 1], tokenizer.sha256)
    rare = rare_pairs(tail)
    values = [window_values(window, rare, tokens, size_in_bytes) for window in measured]
    signals = {}
    for name in SIGNALS:
        known = [value for each in values if (value := each[name]) is not None]
        if len(known) < FEWEST_WINDOWS:
            continue
        mean = math.fsum(known) / len(known)
        spread = math.sqrt(math.fsum((value - mean) ** 2 for value in known) / (len(known) - 1))
        signals[name] = BaselineSignal(
            mean=mean, spread=max(spread, _resolution(name, tokens)), windows=len(known)
        )
    return OutputBaseline(
        tokenizer=tokenizer.name,
        tokenizer_sha256=tokenizer.sha256,
        window=size,
        outputs=len(outputs),
        tokens=tokens,
        bytes=size_in_bytes,
        tail=tail,
        signals=signals,
    )


def rare_pairs(file: TailReferenceFile) -> TailReference:
    """A baseline's rare pairs, ready to look up. Raises ValueError where the file is damaged."""
    return read_tail_reference(msgspec.json.encode(file))


def _resolution(name: str, tokens: int) -> float:
    """The least spread that is believed: that of a figure which a single token changes. Without it one
    repeated phrase would be an alarm where the baseline happens to have none.
    """
    return 0.05 if name == "length" else 1 / tokens


def window_values(
    window: Sequence[Output], tail: TailReference, tokens: int, size_in_bytes: int
) -> dict[str, float | None]:
    """The figures of one window.

    tail_coverage: rare pairs present over those that as much of the baseline's text shows. distinct_1,
    _2, _3: distinct n-grams over n-grams. entropy_bits: of the tokens. self_bleu: 64 outputs' beginnings
    against each other. compression_ratio: zstd. repetition: share of an output's 4-grams that it had
    already. length: tokens an output. All but the last three are of `tokens` tokens.
    """
    ordered = sorted(window, key=lambda output: (stable_hash(output.id, "window"), output.text))
    values: dict[str, float | None] = dict.fromkeys(SIGNALS)
    values["length"] = sum(len(output.ids) for output in window) / len(window)
    values["self_bleu"] = self_bleu([output.ids for output in ordered[:OUTPUTS]])
    values["repetition"] = _repetition([output.ids[:_REPETITION_TOKENS] for output in window])
    text = "\n".join(output.text for output in ordered).encode(errors="replace")
    if len(text) >= size_in_bytes > 0:
        packed = zstandard.ZstdCompressor(level=3).compress(text[:size_in_bytes])
        values["compression_ratio"] = len(packed) / size_in_bytes
    looked_at = _beginning([output.ids for output in ordered], tokens)
    if looked_at is None:
        return values
    ids, lengths = looked_at
    for order in (1, 2, 3):
        grams = ngrams(ids, lengths, order)
        values[f"distinct_{order}"] = len(sorted_distinct(grams)) / len(grams) if len(grams) else None
    values["entropy_bits"] = plug_in_entropy(frequencies_of(np.bincount(ids)))
    pairs = sum(max(length - 1, 0) for length in lengths)
    if pairs:
        present = grouped_presence(tail, ids, lengths, [0] * len(lengths))
        values["tail_coverage"] = len(present) / tail.expected(pairs)
    return values


def _beginning(
    outputs: Sequence[NDArray[np.int32]], tokens: int
) -> tuple[NDArray[np.int32], list[int]] | None:
    """The first `tokens` tokens of outputs one after the other, and how many are of each; None if fewer."""
    lengths, left = [], tokens
    for ids in outputs:
        if left and len(ids):
            lengths.append(min(len(ids), left))
            left -= lengths[-1]
    joined = np.concatenate([*outputs, np.empty(0, dtype=np.int32)])[:tokens]
    return None if left else (joined, lengths)


def ngrams(ids: NDArray[np.int32], lengths: Sequence[int], order: int) -> NDArray[np.int64]:
    """A number for each run of `order` tokens, 1 to 4, that does not reach over the end of an output.

    Args:
        ids: of all outputs, one after the other; lengths: of each.
    """
    if len(ids) < order:
        return np.empty(0, dtype=np.int64)
    count = len(ids) - order + 1
    if order == 1:
        keys = ids.astype(np.int64)
    else:
        keys = pair_keys(ids)[:count]
        with np.errstate(over="ignore"):
            for place in range(2, order):
                # a bijection of what is there so far, then the next token: equal only for equal runs,
                # but for one chance in 2^63
                keys = (keys ^ (keys >> np.int64(29))) * _FACTOR + ids[place : place + count]
    ends = np.cumsum(lengths)
    document = np.searchsorted(ends, np.arange(count), side="right")
    return np.asarray(keys[np.arange(count) + order <= ends[document]])


def _repetition(outputs: Sequence[NDArray[np.int32]]) -> float | None:
    total = again = 0
    for ids in outputs:
        grams = ngrams(ids, [len(ids)], _REPETITION_ORDER)
        total += len(grams)
        again += len(grams) - (len(sorted_distinct(grams)) if len(grams) else 0)
    return again / total if total else None


def described(window: Sequence[Output], tail: TailReference, baseline: OutputBaseline) -> OutputWindow:
    """A window with its figures."""
    return OutputWindow(
        first_id=window[0].id,
        last_id=window[-1].id,
        first_date=window[0].date,
        outputs=len(window),
        empty=sum(not len(output.ids) for output in window),
        tokens=sum(len(output.ids) for output in window),
        values=window_values(window, tail, baseline.tokens, baseline.bytes),
    )


def watched_series(windows: Sequence[OutputWindow], baseline: Mapping[str, BaselineSignal]) -> list[Series]:
    """The CUSUM of each signal that the baseline has, thresholds as for all of them together."""
    watched = [(name, direction) for name, direction in WATCHED if name in baseline]
    result = []
    for name, direction in watched:
        known = baseline[name]
        frozen = Baseline(known.mean, known.spread, known.windows, None, f"{known.windows} windows")
        figures = [_figure(window.values[name], window.outputs) for window in windows]
        steps = cusum(figures, frozen, direction, len(watched))
        result.append(
            Series(
                signal=name,
                direction=direction,
                threshold=steps[-1].threshold,
                detectable=_detectable(frozen, len(watched), figures),
                steps=[
                    CusumStep(z=s.z, cusum=s.cusum, allowance=s.allowance, alarm=s.alarm, since=s.since)
                    for s in steps
                ],
            )
        )
    return result


def _detectable(baseline: Baseline, watched: int, figures: Sequence[WindowFigure | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return detectable_shift(baseline, watched, len(known), known[0].freedom) if known else None


def _figure(value: float | None, outputs: int) -> WindowFigure | None:
    """A window's value as `drift.cusum` takes it: the baseline's spread says how far one varies, and
    sampling is part of it.
    """
    if value is None:
        return None
    return WindowFigure(Estimate(value, None, None), 0.0, max(outputs - 1, 1), 0.0)

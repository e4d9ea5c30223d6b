"""What a run will read, take and cost, from a sample of its files and a list of rates and prices."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from pydantic import TypeAdapter

from wellspring.schemas.cost_assumptions import CostAssumptions
from wellspring.signals.stats.intervals import Estimate
from wellspring.signals.stats.ratio_sums import RatioSums
from wellspring.signals.written_files import parse_yaml

SAMPLED, ASSUMED = "sampled", "assumed"
GIGABYTE = 1e9
_FORM = TypeAdapter(CostAssumptions)
QUANTITIES = ("stored_bytes", "records", "documents", "text_bytes", "tokens")


class FileCounts(NamedTuple):
    """What one file holds. `documents` are those that no reader rejects and that no sampled file had
    before; `text_bytes` (UTF-8) and `tokens` are theirs.
    """

    stored_bytes: float
    records: float
    documents: float
    text_bytes: float
    tokens: float


class Volume(NamedTuple):
    """Totals over all files, and where they come from. Records are unknown where files are assumed."""

    basis: str
    files: int
    sampled: int
    totals: dict[str, Estimate]


class MachineCost(NamedTuple):
    """One choice of machines. Hours are of one machine; scoring takes `gpu_hours` where it is on a GPU."""

    machine: str
    cpu_hours: Estimate
    gpu_hours: Estimate | None
    dollars: Estimate


def parse_assumptions(text: str, name: str) -> CostAssumptions:
    """The assumptions in a YAML file's text.

    Raises:
        ValueError: it isn't YAML, or not of the form; the message says where.
    """
    return parse_yaml(text, name, _FORM, "copy the one that `wellspring estimate` has, and edit it")


def sampled_volume(counts: Sequence[FileCounts], files: int, total_bytes: float | None) -> Volume:
    """Totals over `files` files from the counts of some, with files as the unit.

    The sum over the sample is scaled by stored bytes where the sizes of all files are known (a ratio
    estimator: a file twice as large holds about twice as much), else by their number. The 95%
    interval is that of `RatioSums`, narrowed by sqrt(1 - n/N) for a sample of n of N files (Cochran,
    Sampling Techniques, 1977, sections 2.6 and 6.3), and ends where the sample's own sum does. One file
    alone gives none, unless it is all there is.

    Raises:
        ValueError: no file, or more than there are.
    """
    if not 0 < len(counts) <= files:
        raise ValueError(f"a sample of {len(counts)} of {files} files")
    by_size = bool(total_bytes) and any(c.stored_bytes for c in counts)
    # In millions: the sums are fixed-point, with 13 bits to spare before the point.
    scale = (total_bytes or 0) if by_size else files * 1e6
    left = math.sqrt(1 - len(counts) / files)
    totals = {}
    for name in QUANTITIES:
        counted = sum(getattr(c, name) for c in counts)
        pairs = [(getattr(c, name) / 1e6, c.stored_bytes / 1e6 if by_size else 1.0) for c in counts]
        ratio = RatioSums.of(pairs).estimate()
        value = ratio.value * scale
        if not left:
            totals[name] = Estimate(counted, counted, counted)
        elif ratio.low is None or ratio.high is None:
            totals[name] = Estimate(value, None, None)
        else:
            half = (ratio.high - ratio.low) / 2 * scale * left
            totals[name] = Estimate(value, max(counted, value - half), value + half)
    return Volume(SAMPLED, files, len(counts), totals)


def assumed_volume(files: int, assumptions: CostAssumptions) -> Volume:
    """Totals over `files` files as the assumptions have them; the interval is theirs, low to high."""
    of_one = assumptions.wet_file
    totals = {
        name: Estimate(*(files * value for value in getattr(of_one, name)))
        for name in QUANTITIES
        if name != "records"
    }
    return Volume(ASSUMED, files, 0, totals)


def scaled(estimate: Estimate, factor: float) -> Estimate:
    """Value and bounds times a factor >= 0."""
    low = None if estimate.low is None else estimate.low * factor
    high = None if estimate.high is None else estimate.high * factor
    return Estimate(estimate.value * factor, low, high)


def added(*estimates: Estimate) -> Estimate:
    """Sums of values and of bounds: the parts are of the same files and go up and down together."""
    lows = [e.low for e in estimates if e.low is not None]
    highs = [e.high for e in estimates if e.high is not None]
    whole = len(lows) == len(highs) == len(estimates)
    return Estimate(
        sum(e.value for e in estimates), sum(lows) if whole else None, sum(highs) if whole else None
    )


def cpu_hours(volume: Volume, assumptions: CostAssumptions) -> Estimate:
    """Hours of one core for all but scoring."""
    rates = assumptions.rates
    return added(
        scaled(volume.totals["text_bytes"], rates.cpu_seconds_per_megabyte / 1e6 / 3600),
        scaled(volume.totals["documents"], rates.cpu_seconds_per_document / 3600),
    )


def scoring_cpu_hours(volume: Volume, parameters: Sequence[float], assumptions: CostAssumptions) -> Estimate:
    """Hours of one core for scoring with models of so many parameters."""
    rates = assumptions.rates
    seconds = sum(parameters) / rates.parameters_of_that_model / rates.scored_tokens_per_cpu_second
    return scaled(volume.totals["tokens"], seconds / 3600)


def gpu_tokens_per_second(flops: float, parameters: float, assumptions: CostAssumptions) -> float:
    """Peak x utilisation / 2 FLOPs a parameter and token (attention left out), and no more than assumed."""
    return min(flops * assumptions.utilisation / (2 * parameters), assumptions.gpu_tokens_per_second_at_most)


def stored_bytes(volume: Volume, assumptions: CostAssumptions) -> Estimate:
    """Bytes of the run's folder."""
    storage = assumptions.storage
    return added(
        scaled(volume.totals["text_bytes"], storage.bytes_per_text_byte),
        scaled(volume.totals["documents"], storage.bytes_per_document),
    )


def shuffle_dollars(volume: Volume, assumptions: CostAssumptions) -> Estimate:
    """What Dataflow asks for the texts that cross its shuffle."""
    storage = assumptions.storage
    price = storage.shuffles * storage.dollars_per_shuffled_gigabyte / GIGABYTE
    return scaled(volume.totals["text_bytes"], price)


def machine_costs(
    volume: Volume, parameters: Sequence[float], assumptions: CostAssumptions
) -> list[MachineCost]:
    """Each CPU machine doing everything, then each GPU scoring while the first CPU machine does the rest.

    Args:
        parameters: of the scorer's models, one or two; none where nothing is scored.
    """
    rest = cpu_hours(volume, assumptions)
    costs = []
    for name, machine in assumptions.cpu.items():
        cores = added(rest, scoring_cpu_hours(volume, parameters, assumptions))
        hours = scaled(cores, 1 / machine.vcpus)
        costs.append(MachineCost(name, hours, None, scaled(hours, machine.dollars_an_hour)))
    if not parameters:
        return costs
    beside = next(iter(assumptions.cpu.values()))
    rest_hours = scaled(rest, 1 / beside.vcpus)
    for name, gpu in assumptions.gpus.items():
        seconds = sum(1 / gpu_tokens_per_second(gpu.flops, p, assumptions) for p in parameters)
        hours = scaled(volume.totals["tokens"], seconds / 3600)
        dollars = added(scaled(rest_hours, beside.dollars_an_hour), scaled(hours, gpu.dollars_an_hour))
        costs.append(MachineCost(name, rest_hours, hours, dollars))
    return costs

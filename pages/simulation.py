"""The page of a simulation: the picture of a collapse, then the regimes side by side."""

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

import msgspec

from wellspring.pages.html import NONE, Html, details, document, integer, join, name, section, table, text
from wellspring.pages.simulation_charts import CLEAN_COLOUR, Bar, Line, generation_bars, regime_lines, styles
from wellspring.schemas.simulation import SimulatedGeneration
from wellspring.signals.collapse.recursive_training import CLEAN
from wellspring.signals.stats.intervals import Estimate
from wellspring.signals.stats.seed_intervals import over_seeds, ratio_over_seeds

Values = Mapping[str, Sequence[Mapping[int, SimulatedGeneration]]]
"""Regime -> generation -> seed -> line."""


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """A finished simulation; `words` of text per generation, `unknown` share of held-out words left out,
    `start` the model that every transformer was trained on from.
    """

    corpus: str
    learner: str
    words: int
    documents: int
    unknown: float
    start: str | None
    lines: Sequence[SimulatedGeneration]


class Metric(msgspec.Struct, frozen=True):
    """A figure of a generation: its key, heading, what it says, how it is written, and the least and the most
    that it can be.
    """

    key: str
    heading: str
    note: str
    written: Callable[[float], str]
    least: float = 0.0
    most: float = math.inf


def _percent(value: float) -> str:
    return f"{100 * value:.0f}%"


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _short(value: float) -> str:
    return f"{value:.2f}"


METRICS = (
    Metric("rare_kept", "Rare words kept", "of the words that make up the rarest tenth of the real text, the "
           "share still in the training set", _percent, most=1),
    Metric("tail_coverage", "Tail coverage", "of rare words in held-out real text, the share that the model "
           "gives at least a tenth of their real probability", _percent, most=1),
    Metric("tail_recall", "Tail recall", "of those words' real probability, how much the model still gives, "
           "at most all of it", _percent, most=1),
    Metric("hill_0", "Distinct words", "in the model's text, at equal size (Hill number D0)", _whole,
           least=1),
    Metric("hill_1", "Effective vocabulary", "in the model's text, at equal size (D1, two to the entropy)",
           _whole, least=1),
    Metric("entropy_bits", "Entropy of the output", "bits per word: what an entropy audit alone would see",
           _short),
    Metric("perplexity", "Perplexity on real text", "a word of held-out text: lower is better", _whole,
           least=1),
    Metric("missing_mass", "Missing mass", "of held-out real text, the share of words that the training set "
           "lacks", lambda value: f"{100 * value:.1f}%", most=1),
    Metric("collapse_profile", "Collapse profile", "how many times more probability rare words lost than the "
           "rest: 1 is even, below 1 they lost less", _short),
)  # fmt: skip
_TABLE = ("rare_kept", "tail_coverage", "hill_0", "hill_1", "entropy_bits", "perplexity", "collapse_profile")


def label(regime: str) -> str:
    """A regime's name where space is short."""
    if regime.startswith("real"):
        return f"{regime.removeprefix('real')}% real"
    if regime.startswith(CLEAN) and regime != CLEAN:
        return f"clean, {regime.removeprefix(CLEAN)}% human"
    return "subsample" if regime == "accumulate-subsample" else regime


def by_regime(lines: Sequence[SimulatedGeneration]) -> Values:
    """The lines of simulation.json, sorted into regimes, generations and seeds."""
    values: dict[str, list[dict[int, SimulatedGeneration]]] = {}
    for line in sorted(lines, key=lambda each: each.generation):
        generations = values.setdefault(line.regime, [])
        if line.generation == len(generations):
            generations.append({})
        generations[line.generation][line.seed] = line
    order = list(dict.fromkeys(line.regime for line in lines))
    return {regime: values[regime] for regime in order}


def _over(generation: Mapping[int, SimulatedGeneration], metric: Metric) -> Estimate:
    values = [float(getattr(line, metric.key)) for line in generation.values()]
    return over_seeds(values, least=metric.least, most=metric.most)


def _mean(generation: Mapping[int, SimulatedGeneration], key: str) -> float:
    return fmean(float(getattr(line, key)) for line in generation.values())


def regime_table(lines: Sequence[SimulatedGeneration]) -> str:
    """For a terminal: one line per regime at the last generation, mean over seeds."""
    values = by_regime(lines)
    chosen = [metric for metric in METRICS if metric.key in _TABLE]
    last = len(next(iter(values.values()))) - 1
    head = f"{f'generation {last}':<22}" + "".join(f"{metric.heading:>24}" for metric in chosen)
    seeds = len(next(iter(values.values()))[0])
    rows = [*([f"means over {seeds} seeds (95% intervals)"] if seeds > 1 else []), head]
    for regime, generations in values.items():
        cells = (f"{_written(_over(generations[-1], metric), metric):>24}" for metric in chosen)
        rows.append(f"{regime:<22}" + "".join(cells))
    return "\n".join(rows)


def _written(value: Estimate, metric: Metric) -> str:
    if value.low is None or value.high is None:
        return metric.written(value.value)
    return f"{metric.written(value.value)} ({metric.written(value.low)} to {metric.written(value.high)})"


def simulation_page(simulation: Simulation) -> str:
    """The whole page."""
    values = by_regime(simulation.lines)
    sections = [
        section("regimes", "Compare the regimes", _comparison(values)),
        section("generations", "Every generation", _tables(values)),
        section("what", "What was simulated", _explanation(simulation, values)),
    ]
    return document("A simulation of recursive training", [_first_view(simulation, values), *sections])


def _first_view(simulation: Simulation, values: Values) -> Html:
    shown = "replace" if "replace" in values else next(iter(values))
    generations = values[shown]
    first, last = generations[0], generations[-1]
    seeds = len(first)
    bars = [
        [
            Bar("vocabulary range", "var(--other)", _of_first(generation, first, "hill_0")),
            Bar("tail coverage", "var(--sk)", _of_first(generation, first, "tail_coverage")),
        ]
        for generation in generations
    ]
    title = f"Vocabulary range and tail coverage over {len(generations) - 1} generations of {label(shown)}"
    lost = 1 - _mean(last, "rare_kept")
    entropy = _of_first(last, first, "entropy_bits").value - 100
    how = {
        "replace": "each model is trained only on what the one before it wrote",
        "accumulate": "each model is trained on the real text and on all that was written since",
    }.get(shown, f"the regime is {label(shown)}, explained below")
    vocabulary, tail = bars[-1][0].value.value, bars[-1][1].value.value
    keys = join(
        [
            Html(
                '<li><svg width="14" height="14" aria-hidden="true"><rect x="1" y="1" width="12" height="12" '
                f'style="fill:{bar.colour}"/></svg>{text(bar.name)}</li>'
            )
            for bar in bars[0]
        ]
    )
    return Html(
        "<header><h1>What recursive training does to this text</h1>\n"
        f"<p>A simulation on {name(simulation.corpus)} with {_learner(simulation)}: {text(how)}. "
        f'<span class="soft">{integer(simulation.words)} words per generation, '
        f"{seeds} {'seed' if seeds == 1 else 'seeds'}.</span></p>\n"
        f'<figure>{generation_bars(bars, title)}<ul class="legend">{keys}</ul>'
        "<figcaption>Generation by generation, in percent of generation 0, which real text trained. "
        "Vocabulary range: distinct words in as much text of the model's. Tail coverage: rare words of real "
        "text, held out, that the model still gives a tenth of their real probability."
        f"{' Thin lines: 95% intervals over seeds.' if seeds > 1 else ''}</figcaption></figure>\n"
        f'<p class="outcome flagged">After {len(generations) - 1} generations of {text(label(shown))}, '
        f"the vocabulary range is {vocabulary:.0f}% and the tail coverage {tail:.0f}% of what it was; "
        f"{100 * lost:.0f}% of the rare words are gone from the training text. The entropy of the output "
        f"moved by {entropy:+.1f}%.</p>\n"
        f"{_clean_sentence(values)}"
        '<nav aria-label="Sections"><a href="#regimes">Compare the regimes</a>'
        '<a href="#generations">Every generation</a><a href="#what">What was simulated</a></nav></header>'
    )


def _of_first(
    generation: Mapping[int, SimulatedGeneration], first: Mapping[int, SimulatedGeneration], key: str
) -> Estimate:
    """In percent of the same seed's generation 0; a share is at most all, divided by what it was."""
    most = next(metric.most for metric in METRICS if metric.key == key)
    whole = {seed: getattr(first[seed], key) / 100 for seed in generation}
    values = [getattr(line, key) / whole[seed] for seed, line in generation.items()]
    return over_seeds(values, least=0, most=most / min(whole.values()))


def _clean_sentence(values: Values) -> Html:
    if not {CLEAN, "real10"} <= values.keys():
        return Html("")
    ratio = ratio_over_seeds(
        {seed: line.rare_kept for seed, line in values[CLEAN][-1].items()},
        {seed: line.rare_kept for seed, line in values["real10"][-1].items()},
    )
    if ratio is None:
        return Html("")
    interval = "" if ratio.low is None else f" (95% interval over seeds {ratio.low:.2f} to {ratio.high:.2f})"
    return Html(
        f'<p class="outcome">With the same tenth of human text, <b>clean</b> keeps {ratio.value:.2f} times '
        f"as many rare words as 10% real text chosen at random{interval}.</p>\n"
    )


def _learner(simulation: Simulation) -> Html:
    return Html("an n-gram model" if simulation.learner == "ngram" else "a small transformer")


def _comparison(values: Values) -> list[Html]:
    looks = styles(list(values))
    charts = [
        regime_lines(
            [
                Line(label(regime), *looks[regime], [_over(each, metric) for each in generations])
                for regime, generations in values.items()
            ],
            metric.heading,
            metric.note,
            metric.written,
            percent=metric.written(1).endswith("%"),
            least=metric.least,
            most=metric.most,
        )
        for metric in METRICS
    ]
    return [
        Html(
            '<p class="soft">Bands are 95% intervals over seeds, cut off where they go far beyond the lines. '
            "All regimes start from the same models.</p>"
        ),
        Html(f'<div class="multiples">{join(charts)}</div>'),
        _last_table(values),
        _ratios(values),
    ]


def _last_table(values: Values) -> Html:
    chosen = [metric for metric in METRICS if metric.key in _TABLE]
    last = len(next(iter(values.values()))) - 1
    rows = [
        [_regime_name(regime), *(_cell(_over(generations[-1], metric), metric) for metric in chosen)]
        for regime, generations in values.items()
    ]
    return table(
        f"Generation {last}: mean and 95% interval over seeds",
        ["regime", *(metric.heading.lower() for metric in chosen)],
        rows,
        numeric=frozenset(range(1, len(chosen) + 1)),
    )


def _regime_name(regime: str) -> Html:
    weight = f' style="color:{CLEAN_COLOUR};font-weight:700"' if regime.startswith(CLEAN) else ""
    return Html(f'<span class="whole"{weight}>{text(label(regime))}</span>')


def _cell(value: Estimate, metric: Metric) -> Html:
    if value.low is None or value.high is None:
        return text(metric.written(value.value))
    interval = f"{metric.written(value.low)}–{metric.written(value.high)}"
    return Html(f'{text(metric.written(value.value))} <span class="soft">{text(interval)}</span>')


def _ratios(values: Values) -> Html:
    """Clean against each other regime, seed by seed."""
    if CLEAN not in values or len(values) < 2:
        return Html("")
    keys = ("rare_kept", "tail_coverage", "perplexity")
    rows = []
    for regime, generations in values.items():
        if regime == CLEAN:
            continue
        cells = []
        for key in keys:
            ratio = ratio_over_seeds(
                {seed: getattr(line, key) for seed, line in values[CLEAN][-1].items()},
                {seed: getattr(line, key) for seed, line in generations[-1].items()},
            )
            cells.append(NONE if ratio is None else _cell(ratio, Metric(key, "", "", _short)))
        share = _mean(generations[-1], "human_share")
        rows.append([_regime_name(regime), text(_percent(share)), *cells])
    return table(
        "Clean, whose training set is 10% human text, divided by each other regime: pairs of the same seed, "
        "last generation",
        ["regime", "its human text", "rare words kept", "tail coverage", "perplexity"],
        rows,
        numeric=frozenset({1, 2, 3, 4}),
    )


def _tables(values: Values) -> list[Html]:
    parts = []
    for regime, generations in values.items():
        rows = []
        for number, generation in enumerate(generations):
            first = next(iter(generation.values()))
            held = NONE if first.held_share is None else text(_percent(_mean(generation, "held_share")))
            rows.append(
                [
                    text(str(number)),
                    integer(first.training_tokens),
                    text(_percent(_mean(generation, "human_share"))),
                    *(_cell(_over(generation, metric), metric) for metric in METRICS),
                    held,
                ]
            )
        body = table(
            f"{label(regime)}: mean and 95% interval over seeds",
            ["generation", "training tokens", "human", *(m.heading.lower() for m in METRICS), "batches held"],
            rows,
            numeric=frozenset(range(len(METRICS) + 4)),
        )
        parts.append(details(label(regime), body))
    return parts


_REGIMES = {
    "replace": "every generation is trained on the text of the one before it alone.",
    "accumulate": "the training set grows: the real text and the text of every generation so far.",
    "accumulate-subsample": "as much text as generation 0 had, chosen at random from all there is so far, "
    "another choice each time.",
    CLEAN: "this project's recipe, with as much synthetic text as 10% real. The labels are known. A batch "
    "of ten synthetic texts is held if its entropy or its number of rare words is below what 95 of 100 real "
    "batches have; where twice the text holds too few that pass, held ones are used. "
    "Nine tenths of the human text are short passages, chosen because they hold rare words "
    "that the set lacks: first one copy of each, then a second and a third. One tenth is passages drawn "
    "towards the rare, with importance weights that undo the draw on average. Human text makes up a tenth of "
    "the tokens, copies counted. Rare words get more room than they have in real text, so that the entropy "
    "can end above the real text's: that is the price.",
}


def _what_it_is(regime: str) -> str:
    if regime in _REGIMES:
        return _REGIMES[regime]
    if regime.startswith(CLEAN):
        return f"the recipe of clean, with {regime.removeprefix(CLEAN)}% human text."
    share = f"{regime.removeprefix('real')}%"
    return (
        f"{share} of the training set is real text, drawn again each time; the rest is the last generation's."
    )


def _explanation(simulation: Simulation, values: Values) -> list[Html]:
    words = join(
        [
            Html(f"<dt>{text(label(regime))}</dt><dd>{text(_what_it_is(regime), 1000)}</dd>")
            for regime in values
        ]
    )
    how = (
        "The learner is an interpolated bigram model of lower-cased words. Its mixing weights are tuned on "
        "held-out real text for every generation, and it writes by drawing from exactly the distribution "
        "that is scored."
        if simulation.learner == "ngram"
        else "The learner is a small GPT-2-shaped transformer, trained from nothing for every generation by "
        "the code that trains the embedded scoring model, and sampled at temperature 1. Words are put "
        "together from its tokens, and it makes up words: distinct words and entropy can rise while real "
        "words are lost. For tail coverage and recall, what generation 0 gives counts as real."
    )
    if simulation.start is not None:
        how = how.replace("trained from nothing", f"trained on from {simulation.start}") + (
            " What that model knew before it knows again in every generation, so that less is lost than by "
            "models trained from nothing."
        )
    return [
        Html(
            f"<p>{text(how, 900)} This page says what training on model output does to this corpus with "
            "this learner. Large language models differ in more than size: they are fine-tuned, prompted, "
            "filtered and sampled at other temperatures. That replace is worst, accumulate bounded and a "
            "share of real text between has been found with larger models too; the numbers are not to be "
            "carried over.</p>"
        ),
        Html(
            f"<p>{integer(simulation.documents)} documents. Training, tuning and held-out text share none. "
            f"{100 * simulation.unknown:.1f}% of the held-out words are not in the training text of "
            "generation 0: coverage, recall and missing mass leave them out. Intervals are over seeds: over "
            "draws of training text and samples; the held-out text is the same. They are Student's, on a "
            "logarithmic scale, for shares on the logit scale: none goes below nothing or above all.</p>"
        ),
        Html(f'<dl class="words">{words}</dl>'),
    ]

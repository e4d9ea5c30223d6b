"""What `calibrate` says of the profile that it made: a summary for the terminal, and a page."""

from collections.abc import Mapping, Sequence

import numpy as np

from wellspring.pages.accuracy import accuracy_sections, accuracy_table, group_table
from wellspring.pages.html import Html, document, join, section, table, text
from wellspring.schemas.accuracy import Accuracy, Judged
from wellspring.schemas.classifier import Classifier
from wellspring.schemas.profile import Gate, Profile
from wellspring.signals.calibration.accuracy import mean_over_collections
from wellspring.signals.calibration.classifier_limits import band_name
from wellspring.signals.calibration.gate_calibration import SettingCheck, SourceShares
from wellspring.signals.calibration.gate_trials import LONG_BASELINE, SHARES, mean_over_sources
from wellspring.signals.calibration.profile_fitting import IN_SAMPLE, Calibrated
from wellspring.signals.calibration.share_on_new_sources import Tried, check_shares

BELIEVE = ("leave one collection out", "leave one source out", IN_SAMPLE)
"""Which figures to believe, the first that could be had."""


_SETTINGS = ("never seen", "own baseline")


def believed(results: Mapping[str, Accuracy]) -> str:
    return next(name for name in BELIEVE if results[name].judged.roc_auc is not None)


def summary(profile: Profile, calibrated: Calibrated, results: Mapping[str, Accuracy]) -> str:
    """For the terminal: accuracy by scheme, the promise of the thresholds, what the gate holds."""
    best = believed(results)
    parts = [
        f"calibrated on {profile.calibrated_on}",
        accuracy_table(results),
        f"\n{best}, the figures to believe for text from elsewhere",
        group_table(results[best], "collection"),
        *(_means(results[best])),
        *_shortcuts(calibrated),
        "",
        *_promises(profile.classifier),
        _spread(results),
        "",
        *_share_lines(calibrated.judged[best]),
        "",
        *_held_lines(profile, calibrated),
    ]
    return "\n".join(parts)


def _means(result: Accuracy) -> list[str]:
    areas = {key: each.roc_auc.value for key, each in result.by["collection"].items() if each.roc_auc}
    if len(areas) < 2:
        return []
    weakest = min(areas, key=lambda key: areas[key])
    lines = []
    for title, without in (("mean over collections", None), (f"  without {weakest}", weakest)):
        mean = mean_over_collections(result, without)
        shown = {key: "–" if value is None else f"{value:.3f}" for key, value in mean.items()}
        lines.append(
            f"{title}: AUC {shown['roc_auc']}, calibration error {shown['calibration_error']}\n"
            f"    verdict: precision {shown['precision']}, recall {shown['recall']}, false positive rate "
            f"{shown['false_positive_rate']}\n"
            f"    probability .5: precision {shown['precision_at_half']}, recall {shown['recall_at_half']}\n"
            f"    150 words and more: {shown['tpr_at_1_long']} found at 1% FPR"
        )
    return lines


def _shortcuts(calibrated: Calibrated) -> list[str]:
    areas = ", ".join(f"{name} {area:.3f}" for name, area in calibrated.altered.items())
    return [f"the text alone, AUC: {areas}"] if areas else []


def _promises(classifier: Classifier | None) -> list[str]:
    assert classifier is not None, "calibrate makes a classifier"
    return [
        "thresholds, and the share of human text like the calibrated above them (95% confidence)",
        *(
            f"  {band_name(limit.min_words, limit.max_words)}: {limit.probability:.3f}, at most "
            f"{limit.bound:.2%} (from {limit.human} human texts, {limit.stratum})"
            for limit in classifier.main.thresholds
        ),
        f"abstains below {classifier.min_words} words",
    ]


def _spread(results: Mapping[str, Accuracy]) -> str:
    """No promise holds for a new source: how left-out ones fared."""
    by_source = results["leave one source out"].by["source"]
    rates = {
        name: each.verdict.false_positive_rate.value
        for name, each in by_source.items()
        if each.verdict and each.verdict.false_positive_rate
    }
    if not rates:
        return "no source could be left out: nothing is known of new sources"
    worst = max(rates, key=lambda name: rates[name])
    middle = np.median(list(rates.values()))
    return (
        f"of {len(rates)} left-out sources, false positive rate: median {middle:.2%}, worst "
        f"{rates[worst]:.2%} ({worst}); for a new source there is no promise"
    )


def _share_lines(judged: Sequence[Judged]) -> list[str]:
    """How the share of synthetic text is estimated on sources that the error rates don't come from."""
    checks = check_shares(judged)
    if not checks:
        return []
    return [
        f"share of synthetic text said of {checks[0].sources} sources whose error rates are not known: mean, "
        "distance, intervals that hold",
        f"  {'true':>6}{'counted':>9}{'adjusted':>23}{'estimate':>23}  at least holds",
        *(
            f"  {check.true:>6.0%}{check.counted:>9.1%}{_tried(check.adjusted):>23}"
            f"{_tried(check.estimated):>23}{check.at_least_held:>10.0%}"
            for check in checks
        ),
        *(f"  furthest off at {c.true:.0%}: {c.worst[0]}, {c.worst[1]:.0%}" for c in checks[:1]),
    ]


def _tried(tried: Tried) -> str:
    return f"{tried.mean:.1%} +-{tried.error:.1%} {tried.covered:.0%}"


def _held_lines(profile: Profile, calibrated: Calibrated) -> list[str]:
    check = calibrated.held
    if check is None:
        return [f"no gate: {calibrated.gate_obstacle}; the profile can't enforce"]
    lines = [
        "gate: a batch is held by any of",
        *(f"  {words}" for words in _gate_words(profile.gate)),
        f"share of batches of {profile.batch_documents} held, by share of synthetic text in them",
        f"  {'':<40}" + "".join(f"{share:>8.0%}" for share in SHARES),
    ]
    for title, setting in zip(_SETTINGS, check[:2], strict=True):
        if setting.tests:
            lines.append(f"{title}: {' or '.join(map(str, setting.tests))}")
            lines += [
                f"  {name:<40}" + "".join(f"{share:>8.1%}" for share in row.values())
                for name, row in _held_rows(setting)
            ]
    if check.long_baseline:
        lines.append(f"the same with a baseline of {LONG_BASELINE} batches, sources resampled")
        lines += [
            f"  {name:<40}" + "".join(f"{share:>8.1%}" for share in row.values())
            for name, row in _source_rows(check.long_baseline)
        ]
    return lines


def _gate_words(gate: Gate) -> list[str]:
    """What each test holds, and where its limits come from."""
    words = []
    for test in gate.tests:
        limits = [f"{limit.limit:.3f} ({language})" for language, limit in test.languages.items()]
        limits += ["its source's own baseline"] if test.own_baseline else []
        words.append(f"{test.signal} {test.direction} {' or '.join(limits)}")
    return words


def _held_rows(setting: SettingCheck) -> list[tuple[str, dict[str, float]]]:
    """(title, share of batches held by share of synthetic text): the tests together, by source and on
    average; had they been chosen without the source's collection; each test alone.
    """
    blind = mean_over_sources(setting.blind)
    return [
        *_source_rows(setting.chosen),
        *([("mean, chosen without its collection", blind)] if blind else []),
        *((f"{name} alone, mean", row) for name, row in setting.alone.items()),
    ]


def _source_rows(table: SourceShares) -> list[tuple[str, dict[str, float]]]:
    """Each source, the mean, and the mean without the collection that is seen least."""
    collections = sorted({source.partition("/")[0] for source in table})
    seen = {
        name: sum(
            sum(row.values()) / len(row)
            for row in (table[source] for source in table if source.partition("/")[0] == name)
        )
        / sum(source.partition("/")[0] == name for source in table)
        for name in collections
    }
    least = min(collections, key=lambda name: seen[name])
    rest = {source: row for source, row in table.items() if source.partition("/")[0] != least}
    return [
        *table.items(),
        ("mean over sources", mean_over_sources(table)),
        *([(f"mean without {least}", mean_over_sources(rest))] if rest else []),
    ]


def calibration_page(profile: Profile, calibrated: Calibrated, results: Mapping[str, Accuracy]) -> str:
    """The page: accuracy, thresholds with their promise, the gate."""
    classifier = profile.classifier
    assert classifier is not None, "calibrate makes a classifier"
    limits = [
        [
            text(band_name(limit.min_words, limit.max_words)),
            text(f"{limit.probability:.3f}"),
            text(f"{limit.bound:.2%}"),
            text(str(limit.human)),
            text(limit.stratum),
        ]
        for limit in classifier.main.thresholds
    ]
    head = Html(
        f"<h1>Profile {text(profile.name)}</h1><p>{text(profile.calibrated_on, 2000)}.</p>"
        f'<p class="outcome">Believe “{text(believed(results))}”: a crawl is full of text from elsewhere'
        ". In-sample figures say only that it learned what it was shown.</p>"
    )
    return document(
        f"Profile {profile.name}",
        [
            head,
            *accuracy_sections(results, believed(results)),
            section(
                "shortcuts",
                "What it doesn't stand on",
                [
                    Html(
                        "<p>ROC AUC of the text features alone, mean over left-out collections, with "
                        "giveaways of labelled text removed from the texts that are judged.</p>"
                    ),
                    table(
                        "Removed from the text",
                        ["texts", "ROC AUC"],
                        [[text(name), text(f"{area:.3f}")] for name, area in calibrated.altered.items()],
                        numeric=frozenset({1}),
                    ),
                ],
            ),
            section(
                "promise",
                "What is promised of human text",
                [
                    Html(
                        "<p>Set on human texts, one a prompt, by models that saw nothing of their prompts. "
                        "Of human text <em>like them</em> at most this share is called synthetic, with 95% "
                        "confidence. Of a new source nothing can be promised: "
                        f"{text(_spread(results), 500)}.</p>"
                    ),
                    table(
                        "Thresholds by length",
                        [
                            "length",
                            "probability above",
                            "false positive rate at most",
                            "human texts",
                            "set on",
                        ],
                        limits,
                        numeric=frozenset({1, 2, 3}),
                    ),
                ],
            ),
            _gate_section(profile, calibrated),
        ],
    )


def _gate_section(profile: Profile, calibrated: Calibrated) -> Html:
    check = calibrated.held
    if check is None:
        return section(
            "gate", "The batch gate", [Html(f"<p>None: {text(calibrated.gate_obstacle, 500)}.</p>")]
        )
    tests = [Html(f"<li>{text(words)}</li>") for words in _gate_words(profile.gate)]
    tables = [
        _held_table(f"Batches held: {title}", _held_rows(setting))
        for title, setting in zip(_SETTINGS, check[:2], strict=True)
        if setting.tests
    ]
    if check.long_baseline:
        title = f"Batches held: own baseline of {LONG_BASELINE} batches, sources resampled"
        tables.append(_held_table(title, _source_rows(check.long_baseline)))
    return section(
        "gate",
        "The batch gate",
        [
            Html(
                f"<p>A batch is held by any of these tests:</p><ul>{join(tests, '')}</ul>"
                f"<p>Share of batches of {profile.batch_documents} documents held, by the share of synthetic "
                "text in them; each source is judged by limits that did not see its test batches.</p>"
            ),
            *tables,
        ],
    )


def _held_table(title: str, rows: Sequence[tuple[str, Mapping[str, float]]]) -> Html:
    return table(
        title,
        ["source", *(f"{share:.0%}" for share in SHARES)],
        [[text(name), *(text(f"{value:.1%}") for value in row.values())] for name, row in rows],
        numeric=frozenset(range(1, 1 + len(SHARES))),
    )

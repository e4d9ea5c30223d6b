"""`wellspring tails score`: a causal LM on a tail benchmark, or two side by side."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.own_output import own_file
from wellspring.pipelines.flags.tails import ACTIONS
from wellspring.schemas.encoding import json_bytes, sha256_hex
from wellspring.schemas.scorer import ScorerFingerprint
from wellspring.schemas.tail_benchmark import (
    SETS,
    Comparison,
    Interval,
    ModelScores,
    TailItem,
    TailManifest,
    TailScores,
)
from wellspring.signals.collapse.tail_scoring import accuracies, compare, margins
from wellspring.signals.lm.model_folder import ModelError, model_names
from wellspring.signals.stats.paired_tests import DocumentDraws
from wellspring.transforms.storage.whole_file import messages_beside, write_whole

ALL = "all"
_CHANCE = 0.5
_READ = ("items.jsonl", "manifest.json")


def run(argv: Sequence[str] | None = None) -> int:
    """Scores the items; exit code 0.

    Raises:
        UsageError: the arguments are wrong, the items are not what their manifest says, or a model can't
            be used.
    """
    flags = ACTIONS["score"].parser().parse_args(argv)
    with own_file("tails score", flags.output, [Path(flags.items) / name for name in _READ]):
        return _run(flags)


def _run(flags: argparse.Namespace) -> int:
    items, digest, manifest = read_items(Path(flags.items))
    try:
        names = model_names(flags.scorer)
        if len(set(names)) < len(names):
            raise ModelError(f"--scorer={flags.scorer} names one model twice")
        fingerprints, columns = {}, []
        for name in names:
            fingerprints[name], column = _measured(name, items)
            columns.append(column)
    except ModelError as error:
        raise UsageError(f"wellspring tails score: {error}") from error

    scores = _scores(items, digest, fingerprints, np.stack(columns), list(manifest.items), flags.seed)
    write_whole(flags.output, json_bytes(scores, indent=1) + b"\n")
    say = messages_beside(flags.output)
    print(score_table(scores), file=say)
    for name in names:
        head = next(m for m in next(iter(scores.domains.values())) if m.model == name).sets["head"].accuracy
        if head.low is not None and head.low <= _CHANCE:
            print(
                f"warning: {name} is at chance on the head set: is the tokenizer in its folder its own?",
                file=sys.stderr,
            )
    print(f"every item's margins are in {flags.output}", file=say)
    return 0


def read_items(folder: Path) -> tuple[list[TailItem], str, TailManifest]:
    """(items, SHA-256 of items.jsonl, manifest) of a benchmark.

    Raises:
        UsageError: there is none, or its items are not those that the manifest was written for.
    """
    try:
        manifest = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=TailManifest)
        content = (folder / "items.jsonl").read_bytes()
        items = [msgspec.json.decode(line, type=TailItem) for line in content.splitlines()]
    except OSError as error:
        raise UsageError(f"--items={folder} is no tail benchmark: {error}") from error
    except msgspec.DecodeError as error:
        raise UsageError(f"--items={folder} is not of this version's form: {error}") from error
    digest = sha256_hex(content)
    if digest != manifest.files["items.jsonl"].sha256:
        raise UsageError(
            f"--items={folder}: items.jsonl is not the file that manifest.json names: build it again"
        )
    return items, digest, manifest


def _measured(name: str, items: Sequence[TailItem]) -> tuple[ScorerFingerprint, NDArray[np.float64]]:
    """One model's fingerprint and margins. The model is let go of before the next one is loaded."""
    from wellspring.signals.lm.scorer import Scorer
    from wellspring.signals.lm.tokenization import load_tokenizer

    scorer = Scorer.load(name)
    print(f"{name}: {len(items):,} items", file=sys.stderr)
    return scorer.fingerprint, margins(items, scorer, load_tokenizer(name))


def _scores(
    items: Sequence[TailItem],
    digest: str,
    fingerprints: Mapping[str, ScorerFingerprint],
    columns: NDArray[np.float64],
    domains: Sequence[str],
    seed: int,
) -> TailScores:
    names = list(fingerprints)
    models: dict[str, list[ModelScores]] = {}
    comparisons: dict[str, Comparison] = {}
    for domain in [*domains, ALL] if len(domains) > 1 else domains:
        places = [i for i, item in enumerate(items) if domain in (item.domain, ALL)]
        chosen = [items[i] for i in places]
        right = columns[:, places] > 0
        draws = DocumentDraws([f"{item.domain}/{item.document}" for item in chosen], seed)
        models[domain] = [
            ModelScores(model=name, scorer=fingerprints[name], sets=accuracies(chosen, right[row], draws))
            for row, name in enumerate(names)
        ]
        if len(names) == 2:
            comparisons[domain] = compare(chosen, right[0], right[1], draws)
    return TailScores(
        items_sha256=digest,
        domains=models,
        comparisons=comparisons,
        margins={
            item.id: [round(float(value), 6) for value in columns[:, i]] for i, item in enumerate(items)
        },
    )


def score_table(scores: TailScores) -> str:
    """Accuracies by set, and for two models the drops, in percent and points."""
    width = max(len(m.model) for models in scores.domains.values() for m in models)
    lines = []
    for domain, models in scores.domains.items():
        lines.append(f"{domain}, accuracy in percent (95% interval, documents drawn):")
        for model in models:
            cells = [
                f"{set_} {_interval(model.sets[set_].accuracy)} of {model.sets[set_].items}"
                for set_ in SETS
                if set_ in model.sets
            ]
            lines.append(f"  {model.model:<{width}}  {'   '.join(cells)}")
            for set_ in SETS:
                if set_ in model.sets:
                    kinds = model.sets[set_].by_kind.items()
                    cells = [f"{kind} {100 * share:.1f}" for kind, share in kinds]
                    lines.append(f"  {'':<{width}}    {set_}: {', '.join(cells)}")
        if domain in scores.comparisons:
            compared = scores.comparisons[domain]
            for words, figure in (
                ("lost on the tail", compared.tail_drop),
                ("lost on the head", compared.head_drop),
                ("tail less head", compared.difference),
            ):
                lines.append(f"  {words:<17} {_interval(figure)} points, p {figure.p:.2g}")
            for name, test in compared.mcnemar.items():
                lines.append(
                    f"  McNemar, {name}: {test.only_first} only the first has right, {test.only_second} only "
                    f"the second, p {test.p:.2g}"
                )
    return "\n".join(lines)


def _interval(figure: Interval) -> str:
    if figure.low is None or figure.high is None:
        return f"{100 * figure.value:.1f}"
    return f"{100 * figure.value:.1f} ({100 * figure.low:.1f} to {100 * figure.high:.1f})"


if __name__ == "__main__":
    from wellspring.pipelines.cli import main

    sys.exit(main(["tails", "score", *sys.argv[1:]]))

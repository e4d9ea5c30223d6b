"""The demo: text made on the spot, a small profile calibrated on one half, enforced on the other."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pyarrow.dataset as ds

from wellspring.pipelines import curate
from wellspring.pipelines.command.own_output import own_folder
from wellspring.pipelines.demo_data.crawl import DemoHalf, make_demo_input
from wellspring.pipelines.flags.demo import parser
from wellspring.schemas.label import HUMAN_UNVERIFIED, SYNTHETIC_SUSPECTED
from wellspring.schemas.measurements import Measurements
from wellspring.schemas.profile import Profile
from wellspring.signals.calibration.vote_calibration import calibrate
from wellspring.signals.lm.model_folder import REFERENCE_EN
from wellspring.signals.verdict.votes import votes_of
from wellspring.transforms.runs.finished_run import FinishedRun
from wellspring.transforms.storage.whole_file import write_whole

BATCH_DOCUMENTS = 8
SAMPLED_DOCUMENTS = 90
SAMPLE_SEED = 7


def run(argv: Sequence[str] | None = None) -> int:
    """Makes the input, calibrates, curates, and says what to look at; exit code 0."""
    output: Path = parser().parse_args(argv).output
    with own_folder("demo", output):
        return _run(output)


def _run(output: Path) -> int:
    _say("1/4  Making a small crawl: CPython's reference (human), samples of the embedded model, and pages")
    _say("     that a large language model wrote for this project. From the sixth week on it is mixed.")
    made = make_demo_input(output / "input", sampled=_sampled())
    common = [f"--sources={made.sources}", f"--batch_documents={BATCH_DOCUMENTS}", "--window_days=7"]

    _say("\n2/4  Measuring the calibration half under the seed's thresholds, gate=monitor (holds nothing).")
    calibration_run = output / "calibration-run"
    curate.run(
        [*_input(made.calibration), f"--output={calibration_run}", "--overwrite", "--profile=seed", *common]
    )

    _say("\n3/4  Calibrating the profile `demo` on that half: it knows this demo's text and nothing else.")
    profile = _calibrate(calibration_run, made.calibration)
    profile_path = output / "demo-profile.json"
    write_whole(profile_path, profile.model_dump_json(indent=2).encode() + b"\n")
    _say(_figures(profile))

    _say("\n4/4  Curating the other half, gate=enforce: batches beyond the limit are held for a person.\n")
    run_folder = output / "run"
    flags = [f"--output={run_folder}", "--overwrite", f"--profile={profile_path}", "--gate=enforce"]
    curate.run([*_input(made.crawl), *flags, *common])
    _say(_compared_with_the_truth(run_folder, made.crawl))
    _say(_what_next(run_folder, output))
    return 0


def _say(text: str) -> None:
    print(text, flush=True)


def _input(half: DemoHalf) -> list[str]:
    return [f"--input={half.folder}/*.warc.wet.gz"]


def _sampled() -> list[str]:
    from wellspring.signals.lm.sampling import sample_texts
    from wellspring.signals.lm.scorer import Scorer

    return sample_texts(Scorer.load(REFERENCE_EN), SAMPLED_DOCUMENTS, seed=SAMPLE_SEED)


def _truth(half: DemoHalf) -> dict[str, str]:
    """Document id -> human or synthetic."""
    lines = half.truth.read_text(encoding="utf-8").splitlines()
    return {line["id"]: line["label"] for line in map(json.loads, lines)}


def _calibrate(run_folder: Path, half: DemoHalf) -> Profile:
    truth = _truth(half)
    rows = ds.dataset(run_folder / "measurements").to_table().to_pylist()
    measured = [msgspec.convert(row, Measurements) for row in rows]
    scorer = FinishedRun(str(run_folder)).manifest.scorer
    assert scorer is not None
    return calibrate(
        [m for m in measured if truth.get(m.id) == "human"],
        [m for m in measured if truth.get(m.id) == "synthetic"],
        name="demo",
        description="Calibrated on one half of the demo's own text, for the other half. Not for use.",
        calibrated_on="the calibration half of the demo",
        scorer=scorer.id,
        batch_documents=BATCH_DOCUMENTS,
    )


def _figures(profile: Profile) -> str:
    limit = profile.gate.languages["en"]
    lines = [
        f"     a batch is held when {profile.gate.signal} is {profile.gate.direction} {limit.limit:.3f} "
        f"(human batches: {limit.mean:.3f}, spread {limit.spread:.3f})",
        "     a document is called synthetic at two votes of: "
        + "; ".join(f"{r.signal} {r.direction} {r.threshold:.3g}" for r in votes_of(profile).rules),
        "     on the text it was calibrated on: "
        + ", ".join(f"{name.replace('_', ' ')} {value:.0%}" for name, value in profile.measured.items()),
    ]
    return "\n".join(lines)


def _compared_with_the_truth(run_folder: Path, half: DemoHalf) -> str:
    """How the verdicts fared on documents whose origin nobody had declared."""
    truth = _truth(half)
    table = ds.dataset(run_folder / "documents", partitioning="hive").to_table(["id", "provenance"])
    rows = table.to_pylist()
    for folder in sorted((run_folder / "hold").glob("batch=*")):
        rows += ds.dataset(folder / "documents.parquet").to_table(["id", "provenance"]).to_pylist()
    undeclared = [row for row in rows if row["provenance"] in (HUMAN_UNVERIFIED, SYNTHETIC_SUSPECTED)]
    counts = {
        (origin, label): sum(truth.get(r["id"]) == origin and r["provenance"] == label for r in undeclared)
        for origin in ("human", "synthetic")
        for label in (HUMAN_UNVERIFIED, SYNTHETIC_SUSPECTED)
    }
    synthetic, human = (
        (
            counts[origin, SYNTHETIC_SUSPECTED],
            counts[origin, SYNTHETIC_SUSPECTED] + counts[origin, HUMAN_UNVERIFIED],
        )
        for origin in ("synthetic", "human")
    )
    return (
        f"\nOf the documents whose origin nobody declared, {synthetic[0]} of {synthetic[1]} synthetic and "
        f"{human[0]} of {human[1]} human ones were called synthetic_suspected."
    )


def _what_next(run_folder: Path, output: Path) -> str:
    held = sorted((run_folder / "hold").glob("batch=*"))
    # The command as this one was started: inside a virtual environment it may not be on the path.
    command = sys.argv[0] if Path(sys.argv[0]).name == "wellspring" else "wellspring"
    review = (
        f"\n  {command} review serve --run={run_folder}   why batches were held; decide on them"
        if held
        else ""
    )
    return f"""
Look at
  {run_folder}/report.html   open it in a browser: the entropy of the batches week by week{review}
  {output}/demo-profile.json   the limits and where they come from

Then try your own text (JSON lines with "id" and "text"; WARC, WET and Parquet are read too)
  {command} score --input=texts.jsonl --output=scored.jsonl.gz --profile={output}/demo-profile.json
  {command} curate --input='crawl/*.warc.wet.gz' --output=runs/first"""


if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["demo", *sys.argv[1:]])

"""What can be wrong with a command line, for every job: one line, exit code 2, before anything costly.

A row of the tables is a job that would run, and one thing that is wrong with it.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.pipelines.mixed_runs import some_documents, write_texts
from wellspring.pipelines.cli import JOBS, main
from wellspring.pipelines.flags.commands import completed, parsers
from wellspring.signals.lm.scorer import Scorer

COMMANDS = {
    "curate": "--input={texts} --output={out} --profile=seed --scoring=none",
    "reprocess": "--run={run} --output={out} --profile=reference-en",
    "score": "--input={texts} --output={out} --profile=seed",
    "evaluate": "--scored={scored} --labelled={labelled} --output={out}",
    "calibrate": "--labelled={labelled} --output={out}",
    "review list": "--run={run}",
    "review show": "--run={run} --batch=0123456789",
    "review approve": "--run={run} --batch=0123456789 --by=a",
    "review reject": "--run={run} --batch=0123456789 --by=a --reason=b",
    "review undo": "--run={run} --batch=0123456789 --by=a",
    "review serve": "--run={run}",
    "release": "--run={run}",
    "mix": "--recipe={recipe} --run={run} --output={out}",
    "lineage": "--run={run} --id=d0",
    "anchor create": "--anchor={out} --key={folder}/new_key.pem",
    "anchor add": "--anchor={anchor} --input={texts} --attested_by=a --attested_on=2026-01-01 --licence=b "
    "--key={folder}/key.pem",
    "anchor verify": "--anchor={anchor}",
    "anchor export": "--anchor={anchor} --output={out} --purpose=calibration --exported_by=a",
    "anchor sign": "--anchor={anchor} --key={folder}/key.pem",
    "forget": "--run={run} --id=d0 --by=a --reason=b",
    "estimate": "--input={texts}",
    "report": "--run={run} --output={out}",
    "train-reference": "--corpus={texts} --output={out}",
    "tail-reference": "--corpus={texts} --output={out}",
    "simulate": "--corpus={texts} --output={out}",
    "tails build": "--corpus={texts} --output={out}",
    "tails score": "--items={folder}/tails --scorer={folder}/tiny --output={out}",
    "monitor": "--outputs={texts} --baseline={texts} --output={out}",
    "check-engine": "--output={out} --runner=FnApiRunner",
    "completion": "bash",
    "demo": "--output={out}",
}
FILES = ("score", "calibrate", "anchor export", "report", "tail-reference", "tails score")
"""Jobs whose output is a file; of the others with one it is a folder."""
FOLDERS = tuple(name for name, line in COMMANDS.items() if "{out}" in line and name not in FILES)
BEAM = ("curate", "reprocess", "mix", "estimate", "check-engine")
TEXTS = {
    "curate": ["--input"],
    "score": ["--input"],
    "evaluate": ["--scored", "--labelled"],
    "calibrate": ["--labelled", "--text_only", "--scored"],
    "anchor add": ["--input", "--against_synthetic", "--against_training", "--against_benchmarks"],
    "anchor verify": ["--against_synthetic", "--against_training", "--against_benchmarks"],
    "estimate": ["--input"],
    "train-reference": ["--corpus"],
    "tail-reference": ["--corpus"],
    "simulate": ["--corpus"],
    "tails build": ["--corpus", "--against"],
    "monitor": ["--outputs", "--baseline"],
}
"""Flags that name files of texts."""
SMALL_FILES = {
    "curate": ["--profile", "--sources", "--forgotten"],
    "reprocess": ["--profile", "--sources"],
    "score": ["--profile", "--sources"],
    "calibrate": ["--profile"],
    "mix": ["--recipe"],
    "anchor add": ["--profile", "--key"],
    "anchor verify": ["--public_key"],
    "anchor sign": ["--key"],
    "estimate": ["--assumptions"],
}
"""Flags that name a file which a person or a job has written for this."""
RUNS = {
    name: ["--run"] for name in COMMANDS if "--run={run}" in COMMANDS[name] and name not in ("mix", "forget")
} | {
    "mix": ["--run"],
    "forget": ["--run", "--set", "--anchor"],
    "curate": ["--reuse"],
    "calibrate": ["--baseline"],
    "lineage": ["--run", "--set"],
    "anchor add": ["--anchor"],
    "anchor verify": ["--anchor"],
    "anchor export": ["--anchor"],
    "anchor sign": ["--anchor"],
    "tails build": ["--anchor"],
    "tails score": ["--items"],
}
"""Flags that name a folder which a job has written."""
MODELS = {
    "curate": "--scorer",
    "reprocess": "--scorer",
    "score": "--scorer",
    "calibrate": "--scorer",
    "estimate": "--scorer",
    "train-reference": "--start",
    "tail-reference": "--scorer",
    "simulate": "--start",
    "tails score": "--scorer",
    "monitor": "--tokenizer",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What the command lines name, in a folder that no job changes."""
    folder = tmp_path_factory.mktemp("usage")
    texts = write_texts(folder / "texts.jsonl", some_documents(24))
    rows = [{"id": f"l{i}", "text": f"text {i} " * 30, "label": "human"} for i in range(6)]
    (folder / "labelled.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    line = {"probability": None, "verdict": "ABSTAIN", "confidence": "LOW", "label": None, "reasons": []}
    scored = [json.dumps({"id": f"l{i}", **line, "measurements": None}) + "\n" for i in range(6)]
    (folder / "scored.jsonl").write_text("".join(scored))
    (folder / "recipe.yaml").write_text(
        "seed: 7\nby: labels\ntokens: 500\nwhen_short: lower\nshares: {human_unverified: 1.0}\n"
    )
    run = folder / "run"
    (folder / "empty").mkdir()
    (folder / "image.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8)
    (folder / "broken").mkdir()
    (folder / "broken" / "manifest.json").write_text('{"records_read": "many"')
    assert main(["curate", f"--input={texts}", f"--output={run}", "--profile=seed", "--scoring=none"]) == 0
    assert main(["anchor", "create", f"--anchor={folder}/anchor", f"--key={folder}/key.pem"]) == 0
    yield {
        "folder": str(folder), "texts": str(texts), "run": str(run), "anchor": f"{folder}/anchor",
        "labelled": f"{folder}/labelled.jsonl", "scored": f"{folder}/scored.jsonl",
        "recipe": f"{folder}/recipe.yaml",
    }  # fmt: skip
    shutil.rmtree(folder)


Refused = Callable[..., str]


@pytest.fixture
def refused(
    place: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Refused:
    """Runs a command with flags in place of its own or beside them, `no--flag` for one less; what it says."""

    def no_model(*_: object) -> Scorer:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr(Scorer, "load", no_model)

    def check(command: str, *flags: str, out: str | None = None) -> str:
        before = sorted(Path(place["folder"]).rglob("*"))
        names = {flag.partition("=")[0].removeprefix("no") for flag in flags}
        filled = COMMANDS[command].format(**place, out=out or tmp_path / "out").split()
        kept = [flag for flag in filled if flag.partition("=")[0] not in names]
        capsys.readouterr()
        code = main(
            [*command.split(), *kept, *(flag.format(**place) for flag in flags if not flag.startswith("no"))]
        )
        said = capsys.readouterr().err
        assert code == 2, said
        lines = [line for line in said.splitlines() if not line.startswith("warning: ")]
        assert len(lines) == 1, said
        assert lines[0].startswith(f"wellspring {command.split()[0]}"), said
        assert out is not None or not (tmp_path / "out").exists()
        assert sorted(Path(place["folder"]).rglob("*")) == before
        return lines[0]

    return check


def test_every_command_stands_in_the_table() -> None:
    assert set(COMMANDS) == {command for job in JOBS for command in parsers(job)}
    assert set(BEAM) == {n for job in JOBS for n, parser in parsers(job).items() if parser.takes_beam_flags}


@pytest.mark.parametrize("command", FOLDERS)
@pytest.mark.parametrize("output", ["a_file", "under_a_file", "not_writable", "empty"])
def test_a_folder_that_can_not_be_written(
    command: str, output: str, refused: Refused, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("mine")
    out = {"a_file": f"{tmp_path}/file", "under_a_file": f"{tmp_path}/file/out", "empty": "",
           "not_writable": "/proc/out/x"}[output]  # fmt: skip
    flag = "--anchor" if command == "anchor create" else "--output"
    refused(command, f"{flag}={out}", out=out)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("command", FILES)
@pytest.mark.parametrize("output", ["a_folder", "no_folder", "under_a_file", "not_writable", "empty"])
def test_a_file_that_can_not_be_written(command: str, output: str, refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    out = {"a_folder": f"{tmp_path}/folder", "no_folder": f"{tmp_path}/none/out.json", "empty": "",
           "under_a_file": f"{tmp_path}/file/out.json", "not_writable": "/proc/out.json"}[output]  # fmt: skip
    refused(command, f"--output={out}", out=out)
    assert list((tmp_path / "folder").iterdir()) == []


@pytest.mark.parametrize(("command", "flag"), [(c, flag) for c, flags in TEXTS.items() for flag in flags])
@pytest.mark.parametrize("wrong", ["", "{folder}/none.jsonl", "{folder}/none*.jsonl", "{folder}/empty"])
def test_texts_that_are_not_there(command: str, flag: str, wrong: str, refused: Refused) -> None:
    refused(command, f"{flag}={wrong}")


@pytest.mark.parametrize(
    ("command", "flag"),
    [(c, flag) for c, flags in TEXTS.items() if c not in ("curate", "estimate") for flag in flags],
)
def test_texts_that_are_none(command: str, flag: str, refused: Refused) -> None:
    refused(command, f"{flag}={{folder}}/image.png")


@pytest.mark.parametrize(("command", "flag"), [(c, f) for c, flags in SMALL_FILES.items() for f in flags])
@pytest.mark.parametrize("wrong", ["{folder}/none", "{folder}/empty", "{folder}/image.png"])
def test_a_small_file_that_is_none(command: str, flag: str, wrong: str, refused: Refused) -> None:
    flags = ["--baseline={run}", "no--labelled"] if (command, flag) == ("calibrate", "--profile") else []
    refused(command, f"{flag}={wrong}", *flags)


@pytest.mark.parametrize(("command", "flag"), [(c, f) for c, flags in RUNS.items() for f in flags])
@pytest.mark.parametrize(
    "wrong", ["{folder}/none", "{folder}/empty", "{folder}/texts.jsonl", "{folder}/broken"]
)
def test_a_folder_of_a_job_that_is_none(command: str, flag: str, wrong: str, refused: Refused) -> None:
    flags = ["--profile=seed", "no--labelled"] if (command, flag) == ("calibrate", "--baseline") else []
    refused(command, f"{flag}={wrong}", *flags)


@pytest.mark.parametrize("command", MODELS)
@pytest.mark.parametrize("wrong", ["{folder}/none", "{folder}/empty", "{folder}/texts.jsonl"])
def test_a_model_that_is_none(command: str, wrong: str, refused: Refused) -> None:
    flags = ["--learner=transformer"] if command == "simulate" else []
    refused(command, f"{MODELS[command]}={wrong}", *flags)


NUMBERS = [
    (command, action.option_strings[-1])
    for job in JOBS
    for command, parser in parsers(job).items()
    for action in parser._actions
    if action.type is not None and getattr(action.type, "__name__", "") not in ("local_path", "_name", "Path")
]


@pytest.mark.parametrize(("command", "flag"), NUMBERS)
@pytest.mark.parametrize("wrong", ["many", "nan", "", "-1"])
def test_a_number_that_is_none(command: str, flag: str, wrong: str, refused: Refused) -> None:
    if flag == "--seed" and wrong == "-1":
        pytest.skip("any whole number is a seed")
    assert flag in refused(command, f"{flag}={wrong}")


@pytest.mark.parametrize(
    ("command", "flag"),
    [(c.name, f.name) for job in JOBS for c in completed(job) for f in c.flags if f.choices],
)
def test_a_choice_that_is_none(command: str, flag: str, refused: Refused) -> None:
    assert "invalid choice" in refused(command, f"{flag}=nonsense")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_flag_that_nobody_knows(command: str, refused: Refused) -> None:
    assert "unknown argument --nonsense=1" in refused(command, "--nonsense=1")


@pytest.mark.parametrize("command", BEAM)
@pytest.mark.parametrize(
    "flags",
    [
        ["--direct_num_workers=many"],
        ["--direct_num_workers=-1"],
        ["--max_num_workers=0"],
        ["--direct_running_mode=nonsense"],
        ["--runner=Nonsense"],
        ["--runner=FlinkRunner", "--flink_job_server_jar=/none/server.jar"],
        ["--runner=DataflowRunner"],
        ["--runner=PortableRunner"],
    ],
    ids=" ".join,
)
def test_options_of_beam_that_are_wrong(command: str, flags: list[str], refused: Refused) -> None:
    if command == "estimate" and flags[0].startswith("--runner"):
        pytest.skip("it runs nothing on Beam")
    refused(command, *flags)


@pytest.mark.parametrize(
    ("command", "flags", "said"),
    [
        ("calibrate", [], "6 human documents are too few: at least 60 are needed"),
        ("simulate", [], "a simulation needs 20,000"),
        ("simulate", ["--learner=transformer"], "a simulation needs 20,000"),
        ("tails build", [], "too little text for a power of 0.8"),
        ("monitor", ["--window=20"], "24 outputs are too few for a baseline"),
        ("monitor", ["--window=19"], "at least 20"),
    ],
)
def test_too_little_text(command: str, flags: list[str], said: str, refused: Refused) -> None:
    assert said in refused(command, *flags)

"""Files that people write: each fault in each of them is one line with file, line and key, exit code 2."""

import json
from pathlib import Path

import pytest

from wellspring.pipelines.cli import main
from wellspring.pipelines.estimate import ASSUMPTIONS
from wellspring.signals.verdict.profiles import SEED
from wellspring.transforms.runs.finished_run import FinishedRun

SOURCES = """\
- match: {source: gutenberg}
  evidence: attested_human
  attested_by: catalogue
- match:
    domain: example.org
  weight: 2.0
"""
RECIPE = """\
seed: 7
runs: [no/such/run]
tokens: 5000
shares: {human_verified: 0.5, human_unverified: 0.5}
low_frequency:
  strength: 0.5
"""
PROFILE = SEED.model_dump_json(indent=2)
COSTS = ASSUMPTIONS.read_text()
KINDS = {
    "sources.yaml": (SOURCES, ["curate", "--input=IN", "--output=OUT", "--scoring=none", "--sources=FILE"]),
    "recipe.yaml": (RECIPE, ["mix", "--recipe=FILE", "--output=OUT"]),
    "profile.json": (PROFILE, ["curate", "--input=IN", "--output=OUT", "--scoring=none", "--profile=FILE"]),
    "costs.yaml": (COSTS, ["estimate", "--input=IN", "--scorer=none", "--assumptions=FILE"]),
}
BLANK, TWICE = "is blank; ", "the key is given twice"


def line_of(content: str, part: str) -> int:
    return content[: content.index(part)].count("\n") + 1


@pytest.mark.parametrize(
    ("kind", "old", "new", "key", "message"),
    [
        ("sources.yaml", "{source: gutenberg}", "{source: }", "entry 1, match.source", BLANK),
        ("sources.yaml", "{source: gutenberg}", "{source: ~}", "entry 1, match.source", BLANK),
        ("sources.yaml", "{source: gutenberg}", "{source: ' '}", "entry 1, match.source", BLANK),
        ("sources.yaml", "{source: gutenberg}", "{}", "entry 1, match", "needs at least one of"),
        ("sources.yaml", "domain: example.org", "domain:", "entry 2, match.domain", BLANK),
        ("sources.yaml", "evidence: attested_human", "evidence:", "entry 1, evidence", BLANK),
        ("sources.yaml", "  weight: 2.0", "  weight: 2.0\n  weight: 3.0", "entry 2, weight", TWICE),
        ("sources.yaml", "weight: 2.0", "weight: '2.0'", "entry 2, weight", "valid number"),
        ("sources.yaml", "weight: 2.0", "weight: true", "entry 2, weight", "valid number"),
        ("sources.yaml", "weight: 2.0", "weight: .inf", "entry 2, weight", "no finite number"),
        ("sources.yaml", "weight: 2.0", "weigth: 2.0", "entry 2, weigth", "did you mean weight?"),
        ("sources.yaml", "{source: gutenberg}", "{source: 7}", "entry 1, match.source", "valid string"),
        ("sources.yaml", "{source: gutenberg}", "{sourc: a}", "entry 1, match.sourc", "did you mean source?"),
        ("recipe.yaml", "seed: 7", "seed:", "seed", BLANK),
        ("recipe.yaml", "[no/such/run]", "[a, '']", "runs.1", BLANK),
        ("recipe.yaml", "tokens: 5000", "tokens: 5000\ntokens: 50", "tokens", TWICE),
        ("recipe.yaml", "tokens: 5000", "tokens: '5000'", "tokens", "valid integer"),
        ("recipe.yaml", "tokens: 5000", "tokens: 50.5", "tokens", "valid integer"),
        ("recipe.yaml", "strength: 0.5", "strenght: 0.5", "low_frequency.strenght", "mean strength?"),
        ("recipe.yaml", "human_verified: 0.5", "human_verified: ", "shares.human_verified", BLANK),
        ("recipe.yaml", "human_verified:", "human_verifed:", "shares.human_verifed", "mean human_verified?"),
        ("recipe.yaml", "tokens: 5000", "", "tokens", "the key is missing"),
        ("profile.json", '"needed": 2', '"needed": null', "votes.needed", "valid integer"),
        ("profile.json", '"needed": 2', '"needed": "2"', "votes.needed", "valid integer"),
        ("profile.json", '"needed": 2', '"needed": 2, "needed": 3', "votes.needed", TWICE),
        ("profile.json", '"needed": 2', '"needed": 2, "neded": 3', "votes.neded", "did you mean needed?"),
        ("profile.json", '"threshold": 0.4', '"threshold": NaN', "votes.rules.1.threshold", "finite number"),
        ("profile.json", '"threshold": 0.4', '"threshold": 1e999', "votes.rules.1.threshold", "finite"),
        ("profile.json", '"limit": 3.2', '"limit": "3.2"', "gate.languages.*.limit", "valid number"),
        ("costs.yaml", "vcpus: 2", "vcpus:", "cpu.2 cores (n2d-standard-2).vcpus", BLANK),
        ("costs.yaml", "shuffles: 4", "shuffles: four", "storage.shuffles", "valid number"),
        ("costs.yaml", "utilisation: 0.3", "utilisation: 0.3\nutilisation: 0.4", "utilisation", TWICE),
        ("costs.yaml", "utilisation:", "utilization:", "utilization", "did you mean utilisation?"),
        ("costs.yaml", "29000, 24000, 34000", "29000, 24000, x", "wet_file.documents.2", "valid number"),
    ],
)  # fmt: skip
def test_each_fault_is_one_line_with_file_line_and_key(tmp_path, capsys, kind, old, new, key, message):
    content, command = KINDS[kind]
    assert old in content
    file = tmp_path / kind
    file.write_text(content.replace(old, new, 1))
    # The second of two keys is the one too many.
    line = line_of(content, old) + (message == TWICE and "\n" in new)
    if message == "the key is missing":
        line = 1
    code, said = run(tmp_path, capsys, file, command)
    assert code == 2
    assert len(said.splitlines()) == 1
    assert f"{file}, line {line}: {key}: " in said and message in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", ["{a: [", "- 7", "7", "\x00"])
def test_another_file_is_one_line(tmp_path, capsys, kind, content):
    file = tmp_path / kind
    file.write_text(content)
    code, said = run(tmp_path, capsys, file, KINDS[kind][1])
    assert (code, len(said.splitlines())) == (2, 1)
    assert str(file) in said and "line 1" in said


def test_aliases_that_hold_themselves_end(tmp_path, capsys):
    file = tmp_path / "recipe.yaml"
    file.write_text("runs: &r [*r]\n")
    code, said = run(tmp_path, capsys, file, KINDS["recipe.yaml"][1])
    assert code == 2
    assert "line 1: runs.0: the value holds itself" in said


def run(tmp_path: Path, capsys, file: Path, command: list[str]) -> tuple[int, str]:
    texts = tmp_path / "in.jsonl"
    texts.write_text(json.dumps({"text": "A text."}) + "\n")
    places = {"FILE": str(file), "IN": str(texts), "OUT": str(tmp_path / "out")}
    for name, place in places.items():
        command = [part.replace(f"={name}", f"={place}") for part in command]
    if command[0] == "curate" and not any(part.startswith("--profile") for part in command):
        command = [*command, "--profile=seed"]
    code = main(command)
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        ("blog.example.org", "write example.org"),
        ("http://example.org/blog", "write example.org"),
        ("://", "no host"),
    ],
)
def test_a_part_of_a_domain_is_refused(tmp_path, capsys, domain, message):
    file = tmp_path / "sources.yaml"
    file.write_text(SOURCES.replace("example.org", f"'{domain}'"))
    code, said = run(tmp_path, capsys, file, KINDS["sources.yaml"][1])
    assert (code, len(said.splitlines())) == (2, 1)
    assert f"{file}: entry 2, match.domain: " in said and message in said


@pytest.mark.slow
def test_entries_without_a_document_and_dates_unread_are_in_the_manifest(tmp_path, capsys):
    sources, texts, out = tmp_path / "sources.yaml", tmp_path / "in.jsonl", tmp_path / "out"
    sources.write_text(
        "- match: {domain: 'HTTP://WWW.Example.ORG/'}\n  evidence: attested_human\n  attested_by: me\n"
        "- match: {domain: example.net}\n  weight: 1e1\n"
        "- match: {source: no, dump: x}\n  weight: 2\n"
        "- match: {source: a}\n  weight: 2\n"
    )
    rows = [
        {"source": "a", "url": "https://blog.example.org/x", "date": "9999-12-31"},
        {"source": "a", "url": "https://example.com/", "date": "last week"},
        {"source": "b", "date": "32nd of May"},
        {"source": "b", "date": "0001-01-01", "metadata": {"of": '"date_raw"'}},
        {"source": "b"},
    ]
    words = "one two three four five six seven eight nine ten eleven twelve".split()
    texts.write_text(
        "".join(
            json.dumps({"text": f"{' '.join(words[n:] + words[:n])}. Text {n} of these."} | row) + "\n"
            for n, row in enumerate(rows)
        )
    )
    flags = ["--scoring=none", "--profile=seed", f"--sources={sources}", "--window_days=4000000"]
    assert main(["curate", f"--input={texts}", f"--output={out}", *flags]) == 0
    said = capsys.readouterr().out
    again = tmp_path / "again"
    assert (
        main(["reprocess", f"--run={out}", f"--output={again}", f"--sources={sources}", "--gate=monitor"])
        == 0
    )
    for folder in (out, again):
        manifest = FinishedRun(str(folder)).manifest
        assert sum(manifest.labelled.values()) == len(rows)
        assert manifest.labelled["human_verified"] == 1
        assert manifest.sources_unmatched == ["entry 2: domain=example.net", "entry 3: source=no, dump=x"]
        assert manifest.dates_unread == {"a": 1, "b": 1}
        page = (folder / "report.html").read_text()
        assert "2 entries of sources.yaml" in page and "2 documents have a date" in page
    (line,) = [line for line in said.splitlines() if line.startswith("sources unmatched")]
    assert "entry 2: domain=example.net; entry 3" in line
    assert any(line.startswith("dates unread") and "documents: 2," in line for line in said.splitlines())

"""An input that has grown: what an earlier run read and scored is taken from it, to the same bytes."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.pipelines.crawl import text, write_crawl
from tests.pipelines.test_curate_determinism import data
from wellspring.pipelines.cli import main
from wellspring.schemas.profile import Gate, Limit, Profile
from wellspring.signals.lm.scorer import Scorer
from wellspring.signals.lm.scorer_fingerprint import scorer_fingerprint
from wellspring.signals.verdict.profiles import SEED
from wellspring.transforms.curate import read_documents

pytestmark = pytest.mark.slow

REPEATED = text("repeated")


def lines(*documents: tuple[str, str]) -> str:
    return "".join(
        json.dumps({"id": id, "text": body, "source": "web-archive", "date": "2026-01-06T00:00:00Z"}) + "\n"
        for id, body in documents
    )


@pytest.fixture(scope="module")
def crawl(tmp_path_factory) -> Path:
    """Files that are there from the start, and two that come later, one of them named before the others."""
    folder = write_crawl(tmp_path_factory.mktemp("crawl"))
    (folder / "late").mkdir()
    (folder / "zz").mkdir()
    many = [(f"m{i}", text(f"more {i}")) for i in range(7)]
    (folder / "m.jsonl").write_text(
        lines(
            ("kept", REPEATED),
            ("copy", REPEATED.upper()),
            ("taken", REPEATED + " "),
            ("one", text("one under that id")),
            ("moves", text("the other one")),
            *many,
        )
    )
    (folder / "late/0.jsonl").write_text(
        lines(
            ("earlier", REPEATED.lower()),
            ("taken", text("another text under the id of a duplicate")),
            ("one", text("two under that id")),
            ("one", text("three under that id")),
            ("new", text("new")),
        )
    )
    (folder / "zz/z.jsonl").write_text(
        lines(("z0", text("m")), ("z1", REPEATED), ("z2", text("z2")), ("z3", text("more 3"))) + "{broken\n"
    )
    return folder


def flags(crawl: Path, output: Path, scorer: str, *late: str) -> list[str]:
    inputs = [f"--input={crawl}/*.gz", f"--input={crawl}/*.jsonl"]
    inputs += [f"--input={crawl}/{name}" for name in late]
    rest = [f"--sources={crawl}/sources.yaml", f"--output={output}", f"--scorer={scorer}"]
    return ["curate", *inputs, *rest, "--profile=seed", "--batch_documents=8", "--window_days=7"]


@pytest.fixture(scope="module")
def first(crawl, tiny_scorer, tmp_path_factory) -> Path:
    output = tmp_path_factory.mktemp("first") / "run"
    assert main(flags(crawl, output, tiny_scorer)) == 0
    return output


@pytest.fixture
def scored(monkeypatch) -> list[int]:
    """How many texts are scored in each call from here on."""
    calls: list[int] = []
    score_tokens = Scorer.score_tokens

    def noted(self: Scorer, ids, sizes):
        calls.append(len(ids))
        return score_tokens(self, ids, sizes)

    monkeypatch.setattr(Scorer, "score_tokens", noted)
    return calls


@pytest.fixture
def read(monkeypatch) -> list[str]:
    """Names of the files that are read from here on."""
    names: list[str] = []
    read_file = read_documents.read_file

    def noted(stream, path, *how):
        names.append(Path(path).name)
        return read_file(stream, path, *how)

    monkeypatch.setattr(read_documents, "read_file", noted)
    return names


def manifest(run: Path) -> dict:
    return json.loads((run / "manifest.json").read_text())


def test_the_same_bytes_as_from_scratch(crawl, first, tiny_scorer, tmp_path, scored, read, check_run):
    grown = flags(crawl, tmp_path / "scratch", tiny_scorer, "late/0.jsonl", "zz/z.jsonl")
    assert main(grown) == 0
    everything, scored[:], read[:] = sum(scored), [], []
    before = data(first)
    again = flags(crawl, tmp_path / "again", tiny_scorer, "late/0.jsonl", "zz/z.jsonl")
    assert main([*again, f"--reuse={first}"]) == 0
    check_run(tmp_path / "scratch", tmp_path / "again")
    assert data(tmp_path / "scratch") == data(tmp_path / "again")
    assert data(first) == before
    # The damaged file is read once more: it may have been mended.
    assert Counter(read) == Counter(["0.jsonl", "z.jsonl", "2.warc.wet.gz"])
    # The five of the first file, the earlier spelling of the repeated text among them, and two of the other.
    assert sum(scored) == 7
    assert everything > 70
    for name, value in manifest(tmp_path / "scratch").items():
        if name not in ("started", "finished", "parameters", "cost"):
            assert manifest(tmp_path / "again")[name] == value, name


def test_held_documents_have_their_surprisals(crawl, first, tiny_scorer, tmp_path, scored, check_run):
    profile = SEED.model_copy(
        update={
            "name": "holds-all",
            "can_enforce": True,
            "scorer": scorer_fingerprint(tiny_scorer).id,
            "batch_documents": 8,
            "gate": Gate(
                signal="cross_entropy_bits",
                direction="above",
                languages={"en": Limit(limit=0.1, batches=4, mean=0.05, spread=1)},
            ),
        }
    )
    path = tmp_path / "profile.json"
    path.write_text(Profile.model_validate(profile.model_dump()).model_dump_json())
    extra = [f"--profile={path}", "--gate=enforce"]
    assert main([*flags(crawl, tmp_path / "scratch", tiny_scorer, "zz/z.jsonl"), *extra]) == 0
    assert manifest(tmp_path / "scratch")["held"] > 60
    again = [*flags(crawl, tmp_path / "again", tiny_scorer, "zz/z.jsonl"), *extra]
    assert main([*again, f"--reuse={first}"]) == 0
    check_run(tmp_path / "scratch", tmp_path / "again")
    # A run that held them has them, so that nothing old is scored.
    scored.clear()
    more = flags(crawl, tmp_path / "third", tiny_scorer, "zz/z.jsonl", "late/0.jsonl")
    assert main([*more, *extra, f"--reuse={tmp_path / 'again'}"]) == 0
    assert sum(scored) == 5
    assert main([*flags(crawl, tmp_path / "all", tiny_scorer, "late/0.jsonl", "zz/z.jsonl"), *extra]) == 0
    check_run(tmp_path / "third", tmp_path / "all")


def test_a_file_that_is_not_named_any_more_is_an_error(crawl, first, tiny_scorer, tmp_path):
    argv = [a for a in flags(crawl, tmp_path / "run", tiny_scorer, "zz/z.jsonl") if "*.jsonl" not in a]
    with pytest.raises(Exception, match=r"m\.jsonl, which --input does not name"):
        main([*argv, f"--reuse={first}"])
    assert not (tmp_path / "run/manifest.json").exists()


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        (["--scoring=decisive"], "use --scoring=all"),
        (["--limit=3"], "another --limit"),
        (["--reuse=nowhere"], "not a finished run"),
    ],
)
def test_what_cannot_be_reused_exits_2(extra, says, crawl, first, tiny_scorer, tmp_path, capsys):
    assert main([*flags(crawl, tmp_path / "run", tiny_scorer), f"--reuse={first}", *extra]) == 2
    assert says in capsys.readouterr().err

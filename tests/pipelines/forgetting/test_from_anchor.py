"""`wellspring forget --anchor`: the text is gone from every version, and the set still proves itself."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives import serialization

from tests.pipelines.anchor_sets import ATTESTED, TEXTS, command, key_of, make_set, rows, write_lines
from tests.pipelines.forgetting.places import WHO, at_rest, begun, files, holding, killed_at, stop_the_clock
from wellspring.pipelines.anchors.verification import open_anchor, verify_anchor
from wellspring.pipelines.cli import main
from wellspring.signals.text.normalised_text import text_sha256
from wellspring.transforms.storage.parquet_bytes import table_bytes


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    stop_the_clock(monkeypatch, year=2036)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Without the keys of whoever runs the tests."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def anchor(tmp_path) -> Path:
    return make_set(tmp_path)


def forget(anchor: Path, *argv: str, key: bool = True) -> int:
    signing = [f"--key={key_of(anchor)}"] if key else []
    return main(["forget", f"--anchor={anchor}", *argv, *signing, *WHO])


def traces(anchor: Path, number: int) -> list[str]:
    """Files with a document's text, its hash or its id (no other row or record holds the same characters)."""
    found = holding(anchor, TEXTS[number], text_sha256(TEXTS[number]))
    for path in anchor.rglob("*.parquet"):
        listed = [row["id"] for row in pq.read_table(path).to_pylist()]
        found += [str(path)] * (f"d{number}" in listed)
    return found + holding(anchor, f'"d{number}"')


@pytest.mark.parametrize("number", [0, 3, 7, 8, 11])
def test_the_text_is_gone_and_the_set_verifies(anchor, number, capsys):
    before = files(anchor)
    root = open_anchor(anchor).version.root
    assert traces(anchor, number)
    assert forget(anchor, f"--id=d{number}") == 0
    assert traces(anchor, number) == []
    capsys.readouterr()
    assert command("verify", anchor) == 0
    said = capsys.readouterr().out
    assert "verifies: version 3, 11 documents, 2 exports" in said
    assert "removal 1: 1 documents, by ann at 2036-11-24T00:00:00+00:00: asked by its author" in said
    assert f"root then {root}" in said and f"root           {root}" in said
    # What was signed and chained stays as it was, byte for byte.
    after = files(anchor)
    version = "0002" if number < 8 else "0003"
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert changed == {
        f"versions/{version}/documents-00000.parquet",
        "forgotten/0001.json",
        "forgotten/0001.signature",
    }


def test_documents_of_several_versions_by_domain_and_url(tmp_path, capsys):
    anchor = tmp_path / "set"
    assert command("create", anchor) == 0
    for begin in (0, 4):
        urls = [f"https://www.{'one' if i % 2 else 'two'}.org/{i}" for i in range(begin, begin + 4)]
        lines = [{**row, "url": url} for row, url in zip(rows(begin, begin + 4), urls, strict=True)]
        path = write_lines(tmp_path / f"{begin}.jsonl", lines)
        assert command("add", anchor, f"--input={path}", *ATTESTED) == 0
    again = write_lines(tmp_path / "again.jsonl", [*rows(8, 9), {"id": "twice", "text": TEXTS[1]}])
    assert command("add", anchor, f"--input={again}", *ATTESTED) == 0
    assert holding(anchor, "the same words as d1") == ["versions/0004/rejects.parquet"]
    assert forget(anchor, "--domain=one.org") == 0
    assert holding(anchor, "one.org", "the same words as d1", *(TEXTS[i] for i in (1, 3, 5, 7))) == []
    assert [d.id for d in open_anchor(anchor).documents] == ["d0", "d2", "d4", "d6", "d8"]
    assert forget(anchor, "--url=https://www.two.org/4") == 0
    assert [d.id for d in open_anchor(anchor).documents] == ["d0", "d2", "d6", "d8"]
    assert json.loads((anchor / "forgotten/0002.json").read_text())["leaves"].keys() == {"4"}
    for version in open_anchor(anchor).versions:
        assert version.added in (0, 4, 1)


def test_the_set_goes_on(anchor, tmp_path, capsys):
    """Exports leave it out, new versions remember the removal, and it doesn't come in again."""
    assert forget(anchor, "--id=d3") == 0
    output = tmp_path / "three.jsonl"
    assert command("export", anchor, f"--output={output}", "--purpose=calibration", "--exported_by=me") == 0
    exported = {json.loads(line)["id"] for line in output.read_text().splitlines()}
    assert exported == {f"d{i}" for i in range(12) if i != 3}
    lines = write_lines(tmp_path / "more.jsonl", [*rows(3, 4), *rows(12, 14)])
    assert command("add", anchor, f"--input={lines}", *ATTESTED) == 0
    assert "forgotten" in capsys.readouterr().err
    opened = open_anchor(anchor)
    assert [d.id for d in opened.documents if d.id == "d3"] == []
    assert len(opened.documents) == 13
    assert (opened.version.removals, opened.version.documents) == (1, 14)
    assert traces(anchor, 3) == []
    assert forget(anchor, "--id=d13") == 0
    assert len(open_anchor(anchor).documents) == 12
    # A removal that a version remembers can't be put back with the text that it took out.
    content = (anchor / "forgotten/0001.json").read_bytes()
    (anchor / "forgotten/0001.json").write_bytes(content.replace(b"asked by", b"asked of"))
    assert verify_anchor(anchor).violations


def test_without_the_key_it_is_gone_and_says_what_must_be_signed(anchor, capsys):
    assert forget(anchor, "--id=d3", key=False) == 0
    said = capsys.readouterr().err
    sign = f"wellspring anchor sign --anchor={anchor}"
    assert "removal 1 is not signed" in said and sign in said
    assert traces(anchor, 3) == []
    assert command("verify", anchor) == 1
    captured = capsys.readouterr()
    assert (
        captured.out.splitlines()[0].startswith("removal 1 is not signed") and "1 violations" in captured.err
    )
    # Another can be taken out meanwhile; nothing else goes on.
    assert forget(anchor, "--id=d4", key=False) == 0
    assert command("export", anchor, f"--output={anchor}.x", "--purpose=calibration", "--exported_by=me") == 2
    capsys.readouterr()
    assert main(["anchor", "sign", f"--anchor={anchor}", f"--key={key_of(anchor)}"]) == 0
    assert capsys.readouterr().out.count("signed         removal") == 2
    assert command("verify", anchor) == 0
    assert main(["anchor", "sign", f"--anchor={anchor}", f"--key={key_of(anchor)}"]) == 0
    assert "signed already" in capsys.readouterr().out


def test_what_was_changed_beside_it_is_neither_forgotten_nor_signed(anchor, capsys):
    assert forget(anchor, "--id=d3", key=False) == 0
    path = anchor / "versions/0002/documents-00000.parquet"
    table = pq.read_table(path)
    place = table.schema.get_field_index("licence")
    changed = table.set_column(place, table.schema.field(place), pa.array(["mine"] * table.num_rows))
    path.write_bytes(table_bytes(changed))
    capsys.readouterr()
    assert main(["anchor", "sign", f"--anchor={anchor}", f"--key={key_of(anchor)}"]) == 2
    assert "was changed beyond what was forgotten" in capsys.readouterr().err
    assert forget(anchor, "--id=d4") == 2
    assert "does not verify, so nothing of it is forgotten" in capsys.readouterr().err
    assert traces(anchor, 4)


@pytest.mark.slow
def test_nobody_else_can_forget(anchor, tmp_path):
    """A removal that another key signed, one that was signed for another place, and one without its files."""
    other = tmp_path / "other"
    other.mkdir()
    stranger = make_set(other)
    assert forget(anchor, "--id=d3") == 0
    good = files(anchor)
    assert forget(stranger, "--id=d4") == 0
    signature = (stranger / "forgotten/0001.signature").read_bytes()
    (anchor / "forgotten/0001.signature").write_bytes(signature)
    assert any("signature doesn't fit" in line for line in verify_anchor(anchor).violations)
    (anchor / "forgotten/0001.signature").write_bytes(good["forgotten/0001.signature"])
    assert verify_anchor(anchor).violations == []
    for lost in ("forgotten/0001.json", "forgotten/0001.signature"):
        (anchor / lost).unlink()
        assert verify_anchor(anchor).violations
        (anchor / lost).write_bytes(good[lost])
    for path in ("forgotten/0001.json", "versions/0002/documents-00000.parquet"):
        for offset in range(0, len(good[path]), 97):
            content = bytearray(good[path])
            content[offset] ^= 4
            (anchor / path).write_bytes(content)
            assert verify_anchor(anchor).violations, (path, offset)
        (anchor / path).write_bytes(good[path])
    assert verify_anchor(anchor).violations == []


def test_exports_that_held_it_are_named(anchor, capsys):
    assert forget(anchor, "--id=d9") == 0
    said = capsys.readouterr().err
    # The first export was of the version before d9 came.
    assert "export 2, by me on" in said and "held it: delete that file (sha256 " in said
    assert "export 1" not in said


def test_an_older_set_without_what_removals_brought_verifies(anchor):
    path = anchor / "versions/0003/version.json"
    content = json.loads(path.read_bytes())
    assert (content.pop("removals"), content.pop("last_removal")) == (0, None)
    path.write_text(json.dumps(content))
    key = serialization.load_pem_private_key(key_of(anchor).read_bytes(), password=None)
    (anchor / "versions/0003/signature").write_bytes(key.sign(path.read_bytes()))
    assert verify_anchor(anchor).violations == []
    assert "forgotten" not in json.loads((anchor / "exports/0001.json").read_text())["record"]
    assert forget(anchor, "--id=d3") == 0
    assert verify_anchor(anchor).violations == []


@pytest.mark.slow
def test_killed_anywhere_and_run_again_it_ends_the_same(anchor, tmp_path, monkeypatch):
    undisturbed = shutil.copytree(anchor, tmp_path / "undisturbed")
    shutil.copy(key_of(anchor), key_of(undisturbed))
    assert forget(undisturbed, "--id=d3") == 0
    before, after, step = files(anchor), files(undisturbed), 0
    while True:
        folder = shutil.copytree(anchor, tmp_path / f"killed{step}")
        shutil.copy(key_of(anchor), key_of(folder))
        with killed_at(monkeypatch, step) as died:
            forget(folder, "--id=d3")
        if not died:
            break
        committed = begun(files(folder))
        if step % 3 == 0:  # whoever comes next ends it, another job too
            lines = write_lines(tmp_path / "more.jsonl", rows(12, 13))
            assert command("add", folder, f"--input={lines}", *ATTESTED) == 0
            assert len(open_anchor(folder).documents) == (12 if committed else 13)
        else:
            if not committed:
                assert at_rest(files(folder)) == before
            assert forget(folder, "--id=d3") == 0
            assert files(folder) == after
        step += 1
    assert step > 6


def test_again_is_done_already_and_nothing_found_is_an_error(anchor, capsys):
    assert forget(anchor, "--id=d3") == 0
    once = files(anchor)
    assert forget(anchor, "--id=d3") == 0
    assert files(anchor) == once
    capsys.readouterr()
    assert forget(anchor, "--id=nobody's") == 2
    assert capsys.readouterr().err == "wellspring forget: no document there has that id\n"
    assert main(["forget", f"--anchor={anchor}", "--id=d4", f"--key={anchor}.nowhere", *WHO]) == 2
    assert files(anchor) == once

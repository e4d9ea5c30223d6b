"""A changed byte anywhere in an anchor set is found; so is whatever else can be done to a folder."""

import json
import shutil
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives import serialization

from tests.pipelines.anchor_sets import ATTESTED, command, key_of, make_set, rows, write_lines
from wellspring.pipelines.anchors.folder import write_version
from wellspring.pipelines.anchors.verification import open_anchor, verify_anchor
from wellspring.pipelines.command.arguments import UsageError
from wellspring.schemas.anchor import AnchorDocument, AnchorVersion
from wellspring.schemas.arrow import arrow_schema
from wellspring.schemas.encoding import sha256_hex
from wellspring.signals.stats.hashing import stable_hash
from wellspring.transforms.storage.parquet_bytes import parquet_bytes

OFFSETS_A_FILE = 12
FILES = [
    "exports/0001.json",
    "exports/0002.json",
    "versions/0001/signature",
    "versions/0001/version.json",
    "versions/0002/documents-00000.parquet",
    "versions/0002/rejects.parquet",
    "versions/0002/signature",
    "versions/0002/version.json",
    "versions/0003/documents-00000.parquet",
    "versions/0003/rejects.parquet",
    "versions/0003/signature",
    "versions/0003/version.json",
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_set(tmp_path_factory.mktemp("made"))


@pytest.fixture
def anchor(made, tmp_path):
    shutil.copy(key_of(made), tmp_path / "set.pem")
    return Path(shutil.copytree(made, tmp_path / "set"))


def violations(anchor, **pins):
    return verify_anchor(anchor, **pins).violations


def test_these_are_all_files_and_they_verify(made):
    assert sorted(p.relative_to(made).as_posix() for p in made.rglob("*") if p.is_file()) == FILES
    assert violations(made) == []


@pytest.mark.parametrize("name", FILES)
@pytest.mark.slow
def test_a_changed_byte_is_found_wherever_it_is(anchor, name):
    path = anchor / name
    content = path.read_bytes()
    chosen = {0, len(content) - 1, *(stable_hash(str(i), name) % len(content) for i in range(OFFSETS_A_FILE))}
    for offset in sorted(chosen):
        for change in (1 << stable_hash(str(offset), name) % 8, 0x20, 0xFF):
            changed = bytearray(content)
            changed[offset] ^= change
            path.write_bytes(changed)
            assert violations(anchor), f"byte {offset} of {name} ^ {change}"
    path.write_bytes(content)
    assert violations(anchor) == []


@pytest.mark.slow
def test_no_byte_of_a_small_set_may_change_unseen(tmp_path):
    """A quarter of the bytes of all files, chosen by hash, one after the other."""
    anchor = tmp_path / "set"
    lines = write_lines(tmp_path / "in.jsonl", rows(0, 1))
    assert command("create", anchor) == 0
    assert command("add", anchor, f"--input={lines}", *ATTESTED) == 0
    export = (f"--output={tmp_path}/out.jsonl", "--purpose=calibration", "--exported_by=me")
    assert command("export", anchor, *export) == 0
    unseen = 0
    for path in sorted(p for p in anchor.rglob("*") if p.is_file()):
        content = path.read_bytes()
        for offset in range(len(content)):
            if stable_hash(str(offset), f"tried {path.name}") % 4:
                continue
            changed = bytearray(content)
            changed[offset] ^= 1 << stable_hash(str(offset), path.name) % 8
            path.write_bytes(changed)
            unseen += not violations(anchor)
        path.write_bytes(content)
    assert unseen == 0


@pytest.mark.parametrize("name", FILES)
def test_bytes_more_or_less_or_a_file_less_are_found(anchor, name):
    path = anchor / name
    content = path.read_bytes()
    for changed in (content + b"\n", content + b"\0", b" " + content, content[:-1], content[1:], b""):
        path.write_bytes(changed)
        assert violations(anchor), (name, changed[:20])
    path.unlink()
    # Of the last export nothing else knows: see the test of what can't be seen.
    assert bool(violations(anchor)) == (name != "exports/0002.json")


@pytest.mark.parametrize(
    "name", ["extra", "versions/extra", "versions/0002/documents-00001.parquet", "exports/0001.json.bak",
             "versions/2/version.json", "versions/0000/version.json", "documents/x.parquet"]
)  # fmt: skip
def test_a_file_more_is_found(anchor, name):
    (anchor / name).parent.mkdir(exist_ok=True)
    (anchor / name).write_bytes(b"x")
    assert violations(anchor) == [f"{name} is no part of the set"]


def test_a_link_is_no_file_of_the_set(anchor, tmp_path):
    shards = anchor / "versions/0002/documents-00000.parquet"
    shutil.move(shards, tmp_path / "elsewhere")
    shards.symlink_to(tmp_path / "elsewhere")
    assert "versions/0002/documents-00000.parquet is missing" in violations(anchor)


def test_reordered_rows_are_found_with_and_without_a_new_hash(anchor):
    path = anchor / "versions/0002/documents-00000.parquet"
    documents = msgspec.convert(pq.read_table(path).to_pylist(), list[AnchorDocument])
    path.write_bytes(parquet_bytes(documents[::-1], arrow_schema(AnchorDocument)))
    assert any("documents-00000.parquet was changed" in v for v in violations(anchor))
    version = read_version(anchor, 2)
    entry = msgspec.structs.replace(version.files[path.name], sha256=sha256_hex(path.read_bytes()))
    sign(anchor, msgspec.structs.replace(version, files={**version.files, path.name: entry}))
    found = violations(anchor)
    assert "version 2: its documents are not in the order of their ids" in found
    assert "version 2: the root over all documents is not the one in version.json" in found


def test_a_text_that_its_own_signer_changed_is_found_by_the_root(anchor):
    path = anchor / "versions/0002/documents-00000.parquet"
    documents = msgspec.convert(pq.read_table(path).to_pylist(), list[AnchorDocument])
    documents[0] = msgspec.structs.replace(documents[0], text=documents[0].text + "!")
    path.write_bytes(parquet_bytes([*documents], arrow_schema(AnchorDocument)))
    version = read_version(anchor, 2)
    entry = msgspec.structs.replace(version.files[path.name], sha256=sha256_hex(path.read_bytes()))
    sign(anchor, msgspec.structs.replace(version, files={**version.files, path.name: entry}))
    found = violations(anchor)
    assert f"version 2: the text of document {documents[0].id!r} is not the one that was hashed" in found
    assert "version 2: the root over all documents is not the one in version.json" in found
    assert "version 3 does not follow the version 2 that is there" in found


def test_a_version_in_anothers_place_is_found(anchor):
    versions = anchor / "versions"
    (versions / "0002").rename(versions / "x")
    (versions / "0003").rename(versions / "0002")
    (versions / "x").rename(versions / "0003")
    found = violations(anchor)
    assert "version 2: its version.json is that of version 3" in found
    assert "version 2 does not follow the version 1 that is there" in found


def test_a_version_that_is_gone_from_the_middle_is_found(anchor):
    shutil.rmtree(anchor / "versions/0002")
    found = violations(anchor)
    assert "versions: number 2 is missing" in found
    assert "version 3 does not follow the version 2 that is there" in found


def test_a_version_signed_by_another_key_is_found(anchor, tmp_path):
    assert command("create", tmp_path / "other") == 0
    other = serialization.load_pem_private_key(key_of(tmp_path / "other").read_bytes(), None)
    version = read_version(anchor, 3)
    shutil.rmtree(anchor / "versions/0003")
    write_version(anchor, version, {}, other)
    assert any(v.startswith("version 3: the signature") for v in violations(anchor))
    shutil.rmtree(anchor / "versions/0003")
    forged = msgspec.structs.replace(version, public_key=other.public_key().public_bytes_raw().hex())
    write_version(anchor, forged, {}, other)
    assert any(v.startswith("version 3 is signed by key") for v in violations(anchor))


def test_another_set_in_its_place_is_found_where_its_key_is_remembered(anchor, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    other = make_set(tmp_path / "elsewhere")
    key = read_version(anchor, 1).public_key
    assert violations(other) == []
    assert violations(anchor, public_key=key) == []
    assert any(v.startswith("version 1 is signed by key") for v in violations(other, public_key=key))


def test_a_rollback_is_found_where_something_remembers_the_version(anchor):
    shutil.rmtree(anchor / "versions/0003")
    assert violations(anchor) == ["export 2 is of a version 3 that is not there: rolled back?"]
    (anchor / "exports/0002.json").unlink()
    assert violations(anchor, at_least_version=3) == [
        "version 3 is expected, version 2 is the last: rolled back?"
    ]


def test_what_cannot_be_seen_without_a_memory(anchor):
    """The end of what is only added to, taken away with all that knows of it, leaves an older set whole."""
    (anchor / "exports/0002.json").unlink()
    assert violations(anchor) == []
    shutil.rmtree(anchor / "versions/0003")
    assert violations(anchor) == []
    (anchor / "exports/0001.json").unlink()
    shutil.rmtree(anchor / "versions/0002")
    assert violations(anchor) == []


def test_an_export_that_a_version_remembers_cannot_go(anchor):
    (anchor / "exports/0001.json").unlink()
    assert "exports: number 1 is missing" in violations(anchor)
    assert "version 3 remembers another export 1" in violations(anchor)


def test_an_export_rewritten_with_its_own_hash_breaks_the_chain(anchor):
    path = anchor / "exports/0001.json"
    logged = json.loads(path.read_bytes())
    logged["record"]["exported_by"] = "somebody else"
    logged["sha256"] = sha256_hex(msgspec.json.encode(logged["record"]))
    path.write_bytes(msgspec.json.encode(logged))
    found = violations(anchor)
    assert "version 3 remembers another export 1" in found
    assert "export 2 does not follow the export 1 that is there" in found


def test_what_a_killed_job_left_is_no_part_of_the_set(anchor):
    left = anchor / ".unfinished/abc"
    left.mkdir(parents=True)
    (left / "documents-00000.parquet").write_bytes(b"half")
    assert violations(anchor) == []


def test_a_set_that_does_not_verify_is_not_opened(anchor):
    assert len(open_anchor(anchor).documents) == 12
    (anchor / "versions/0002/rejects.parquet").write_bytes(b"")
    with pytest.raises(UsageError, match=r"does not verify: version 2: rejects.parquet was changed"):
        open_anchor(anchor)


def test_verify_prints_a_line_for_each_violation_and_fails(anchor, capsys):
    assert command("verify", anchor) == 0
    assert "verifies: version 3, 12 documents, 2 exports" in capsys.readouterr().out
    (anchor / "versions/0003/rejects.parquet").unlink()
    (anchor / "extra").touch()
    assert command("verify", anchor) == 1
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "versions/0003/rejects.parquet is missing",
        "extra is no part of the set",
    ]
    assert "does NOT verify: 2 violations" in printed.err


def read_version(anchor, number):
    return msgspec.json.decode(
        (anchor / f"versions/{number:04d}/version.json").read_bytes(), type=AnchorVersion
    )


def sign(anchor, version):
    """What only the holder of the key can do: another version.json with a signature that fits."""
    content = msgspec.json.encode(version)
    key = serialization.load_pem_private_key(key_of(anchor).read_bytes(), None)
    folder = anchor / f"versions/{version.version:04d}"
    (folder / "version.json").write_bytes(content)
    (folder / "signature").write_bytes(key.sign(content))

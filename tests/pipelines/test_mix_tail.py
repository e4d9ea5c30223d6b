"""Rare text in a training set: weights, copies, injected tails, and the anchor set that stays out."""

import json
from collections import Counter

import pytest

from tests.pipelines.anchor_sets import ATTESTED, command, write_lines
from tests.pipelines.mixed_runs import curate, mix, refused, rows, some_documents
from wellspring.pipelines.sets.set_folder import read_set
from wellspring.signals.stats.weighted_sample import uniform

pytestmark = pytest.mark.slow

SHARES = "shares: {human_verified: 0.5, human_unverified: 0.5}"


@pytest.fixture(scope="module")
def documents() -> dict[str, tuple[str, str]]:
    """600 documents; every tenth of the attested and unknown ones has words that no other has."""
    made = {id: pair for id, pair in some_documents(900, sentences=2).items() if pair[0] != "generated"}
    rare = [id for i, id in enumerate(made) if i % 10 < 2]
    for id in rare:
        source, body = made[id]
        words = " ".join(f"zyx{id}{chr(97 + i)}qu" for i in range(12))
        made[id] = source, f"{body} {words}."
    return made


@pytest.fixture(scope="module")
def run(documents, tiny_scorer, tmp_path_factory):
    # Without scores: the upper 5% by perplexity would be taken for junk, and the rare words are made up.
    return curate(tmp_path_factory.mktemp("a"), documents, tiny_scorer, "--scoring=none")


def is_rare(row) -> bool:
    return "zyx" in row.text


def test_rare_words_come_more_often_and_junk_does_not(run, documents, tmp_path):
    plain = mix(tmp_path, [run], f"tokens: 30000\n{SHARES}", f"--output={tmp_path}/plain")
    del plain
    drawn = mix(tmp_path, [run], f"tokens: 30000\n{SHARES}\nlow_frequency: {{strength: 2, cap: 4}}")
    manifest = read_set(str(drawn))
    kept = Counter(is_rare(row) for row in rows(drawn) if row.copy == 0)
    before = Counter(is_rare(row) for row in rows(tmp_path / "plain"))
    assert kept[True] > 1.5 * before[True]
    assert max(row.copies for row in rows(drawn)) <= 4
    assert abs(manifest.shares["human_verified"] - 0.5) < 0.01
    assert manifest.effective_sample_size > 0.5 * manifest.distinct_documents
    types = manifest.rare_types
    assert types is not None and types.kept > 1.5 * types.plain
    # A copy more stands beside the first, with the same columns.
    copies = Counter(row.id for row in rows(drawn))
    assert all(copies[row.id] == row.copies for row in rows(drawn))
    assert sum(int(n) * c for n, c in manifest.copies.items()) == len(rows(drawn))
    for row in rows(drawn):
        assert row.key == pytest.approx((uniform(7, row.id) + row.copy) / row.weight)
        assert row.inclusion_probability == pytest.approx(min(1, row.expected_copies))


def test_a_source_s_weight_counts(run, tmp_path):
    (tmp_path / "weights.yaml").write_text("- match: {source: library}\n  weight: 0.25\n")
    drawn = mix(
        tmp_path,
        [run],
        "tokens: 20000\nshares: {human_verified: 1}\nlow_frequency: {strength: 0}\n"
        f"sources: {tmp_path}/weights.yaml",
    )
    assert {row.weight for row in rows(drawn)} == {0.25}


def test_the_rarest_verified_text_is_injected_inside_its_label_s_share(run, tmp_path, capsys):
    drawn = mix(tmp_path, [run], f"tokens: 30000\n{SHARES}\ntail: {{pack: top_rarity, share: 0.1}}")
    said = capsys.readouterr().out
    tail = [row for row in rows(drawn) if row.stratum == "tail"]
    assert tail and all(row.provenance == "human_verified" and is_rare(row) for row in tail)
    manifest = read_set(str(drawn))
    assert abs(manifest.shares["human_verified"] - 0.5) < 0.01
    assert sum(row.token_count for row in tail) == pytest.approx(3000, abs=300)
    expected = {row.expected_copies for row in tail}
    assert len(expected) == 1 and 2.5 < expected.pop() <= 4
    assert "expected copies of each document per generation: safe" in said
    # The rarest: no verified document that stayed outside is rarer than the least rare injected one.
    least = min(row.rarity for row in tail)
    assert all(
        row.rarity is None or row.rarity <= least
        for row in rows(drawn)
        if row.provenance == "human_verified" and row.stratum != "tail"
    )
    assert {id for id, _, _ in manifest.tail} == {row.id for row in tail}
    ordinary = {row.id for row in rows(drawn) if row.stratum != "tail"}
    assert not ordinary & {row.id for row in tail}


PACK = [
    {"id": "t1", "text": "The quern stood idle since the miller left.", "attested_by": "the museum"},
    {"id": "t2", "text": "A besom of heather leans by the byre door.", "provenance": "human_verified"},
]  # fmt: skip


def write_pack(folder, lines):
    path = folder / "pack.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_pack_is_injected_and_its_copies_are_compared_with_the_rule(run, documents, tmp_path, capsys):
    known = next(id for id in documents if documents[id][0] == "library")
    pack = write_pack(
        tmp_path, [*PACK, {"id": "t3", "text": documents[known][1], "attested_by": "the library"}]
    )
    content = f"tokens: 30000\n{SHARES}\ntail: {{pack: {pack}, share: 0.02}}"
    drawn = mix(tmp_path, [run], content)
    tail = [row for row in rows(drawn) if row.stratum == "tail"]
    assert {row.id for row in tail} <= {"t1", "t2", "t3"}
    assert all(row.run == "" and row.provenance == "human_verified" for row in tail)
    assert read_set(str(drawn)).kept_out == {"tail_pack": 1}
    assert known not in {row.id for row in rows(drawn)}
    assert "expected copies of each document" in capsys.readouterr().out
    assert abs(read_set(str(drawn)).shares["human_verified"] - 0.5) < 0.01


@pytest.mark.parametrize(
    "line, message",
    [
        ({"text": "who wrote this?"}, "line 3: nobody vouches for it"),
        ({"text": "a model did", "provenance": "synthetic_known"}, "line 3: nobody vouches for it"),
        (
            {"text": "both", "provenance": "synthetic_known", "attested_by": "me"},
            "takes human_verified alone",
        ),
        ({"id": "t1", "text": "again", "attested_by": "me"}, "stands there twice"),
        ({"words": "no text"}, "line 3"),
    ],
)
def test_what_nobody_vouches_for_is_not_injected(run, tmp_path, capsys, line, message):
    pack = write_pack(tmp_path, [*PACK, line])
    said = refused(
        capsys,
        tmp_path,
        f"runs: [{run}]\ntokens: 30000\n{SHARES}\ntail: {{pack: {pack}, share: 0.002}}",
    )
    assert message in said


def test_a_pack_that_is_too_small_for_its_share_is_short(run, tmp_path, capsys):
    pack = write_pack(tmp_path, PACK)
    said = refused(
        capsys, tmp_path, f"runs: [{run}]\ntokens: 30000\n{SHARES}\ntail: {{pack: {pack}, share: 0.2}}"
    )
    assert "tail has" in said and "4 copies each" in said


def test_the_anchor_s_documents_and_what_is_close_to_them_stay_out(run, documents, tmp_path, capsys):
    texts = {id: body for id, (source, body) in documents.items() if source == "library"}
    same, near = list(texts)[:2]
    anchored = [
        {"id": "a-same", "text": texts[same]},
        {"id": "a-near", "text": texts[near].replace("This is the page", "Here is the page")},
    ]
    anchor = tmp_path / "anchor"
    assert command("create", anchor) == 0
    lines = write_lines(tmp_path / "anchor.jsonl", anchored)
    assert command("add", anchor, f"--input={lines}", *ATTESTED) == 0
    content = f"tokens: 100000\nwhen_short: lower\n{SHARES}\nanchor: {anchor}"
    drawn = mix(tmp_path, [run], content)
    out = read_set(str(drawn)).kept_out
    assert out["anchor"] >= 2
    assert not {same, near} & {row.id for row in rows(drawn)}
    assert f"kept out: anchor    {out['anchor']}" in " ".join(capsys.readouterr().out.splitlines()).replace(
        "anchor  ", "anchor    "
    ).replace("      ", "    ")
    assert read_set(str(drawn)).anchor is not None

    file = next((anchor / "versions").rglob("*.parquet"))
    content = bytearray(file.read_bytes())
    content[-20] ^= 1
    file.write_bytes(bytes(content))
    (tmp_path / "again").mkdir()
    said = refused(capsys, tmp_path / "again", f"runs: [{run}]\ntokens: 1000\n{SHARES}\nanchor: {anchor}")
    assert "does not verify" in said

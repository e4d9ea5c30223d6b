import pytest

from wellspring.schemas.label import HUMAN_UNVERIFIED, HUMAN_VERIFIED, PROVENANCE_LABELS
from wellspring.signals.mix.tail_pack import copies_rule, expected_copies, pack_draw, pack_item
from wellspring.signals.stats.hashing import stable_hash

DOCUMENTS = [
    (
        f"d{i}",
        PROVENANCE_LABELS[i % 4],
        None if i % 9 == 0 else stable_hash(f"d{i}", "rarity") % 1000 / 100,
        50 + i % 40,
    )
    for i in range(400)
]


def filled(documents, tail_tokens, copies):
    draw = pack_draw(tail_tokens, copies)
    for document in documents:
        if (item := pack_item(*document)) is not None:
            draw.add(item)
    return draw


def test_the_rarest_verified_documents_fill_it_and_come_often_enough():
    pack = filled(DOCUMENTS, 6_000, 3).drawn()
    verified = sorted(
        (d for d in DOCUMENTS if d[1] == HUMAN_VERIFIED and d[2] is not None), key=lambda d: (-d[2], d[0])
    )
    assert [item.id for item in pack] == [d[0] for d in verified[: len(pack)]]
    tokens = sum(item.size for item in pack)
    assert 2_000 - 90 < tokens <= 2_000
    assert expected_copies(6_000, tokens) >= 3


def test_parts_merge_to_the_pack_of_the_whole():
    merged = pack_draw(6_000, 2)
    for start in range(5):
        merged.merge(filled(DOCUMENTS[start::5], 6_000, 2))
    assert merged.drawn() == filled(DOCUMENTS, 6_000, 2).drawn()


def test_what_no_one_vouches_for_and_what_has_no_rarity_stays_out():
    assert pack_item("a", HUMAN_UNVERIFIED, 9.0, 10) is None
    assert pack_item("a", HUMAN_VERIFIED, None, 10) is None
    assert pack_item("a", HUMAN_VERIFIED, 9.0, 10) is not None


@pytest.mark.parametrize(
    "tail, pack, copies, said", [(50, 100, 0.5, "at least 1"), (100, 100, 1, "enough"), (300, 100, 3, "safe")]
)
def test_the_rule_of_one_and_three(tail, pack, copies, said):
    assert expected_copies(tail, pack) == copies
    assert said in copies_rule(copies)


def test_no_more_than_four_copies_and_no_empty_pack():
    assert expected_copies(10**9, 100) == 4
    with pytest.raises(ValueError, match="nothing to inject"):
        expected_copies(100, 0)
    for copies in (0, 5):
        with pytest.raises(ValueError, match="asked for"):
            pack_draw(100, copies)

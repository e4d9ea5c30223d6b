from wellspring.signals.stats.hashing import content_hash, stable_hash


def test_the_hash_is_pinned():
    # Buckets, shards and halves of published runs depend on it.
    assert stable_hash("abc") == 0x1035_6844_BF10_2712
    assert stable_hash("abc", "batch") != stable_hash("abc", "shard")


def test_case_space_and_compatibility_forms_do_not_make_another_text():
    assert content_hash("The  ﬁrst\nday ") == content_hash("the first day")
    assert content_hash("the first day") != content_hash("the first days")

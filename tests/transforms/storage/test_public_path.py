import pytest
from hypothesis import given
from hypothesis import strategies as st

from wellspring.transforms.storage.public_path import public_path


@pytest.mark.parametrize(
    ("path", "public"),
    [
        ("https://user:pa:ss@host/a.warc.gz", "https://host/a.warc.gz"),
        ("HTTPS://token@host:8080/a@b/c", "HTTPS://host:8080/a@b/c"),
        ("https://u:p@x@host/a", "https://host/a"),
        ("https://host/a?X-Amz-Signature=5f&part=2", "https://host/a?X-Amz-Signature=...&part=2"),
        ("https://host/a?part=2&sig=a%3D&Key-Pair-Id=B", "https://host/a?part=2&sig=...&Key-Pair-Id=..."),
        ("https://host/a?access_token=x#top", "https://host/a?access_token=...#top"),
        ("https://host/a?page=1", "https://host/a?page=1"),
        ("gs://bucket/folder/a@b.jsonl", "gs://bucket/folder/a@b.jsonl"),
        ("/data/user:pass@host/a?token=1", "/data/user:pass@host/a?token=1"),
    ],
)
def test_a_path_without_what_opens_it(path, public):
    assert public_path(path) == public


@given(st.text(st.characters(exclude_characters="@/?#", categories=("L", "N", "P")), min_size=12))
def test_no_password_is_left(password):
    assert password not in public_path(f"https://user:{password}@host/a")

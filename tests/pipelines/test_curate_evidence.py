"""Evidence from page to label: a web archive through the main job."""

import pyarrow.dataset as ds
import pytest

from tests.pipelines.crawl import text
from tests.transforms.formats.archives import members, record
from wellspring.pipelines.cli import main

pytestmark = pytest.mark.slow

MODEL = "https://schema.org/TrainedAlgorithmicMediaDigitalSource"
ARTICLE = (
    f'<script type="application/ld+json">{{"@type": "Article", "digitalSourceType": "{MODEL}"}}</script>'
)
PICTURE = ARTICLE.replace('"Article"', '"ImageObject"')
LEAK = "As an AI language model, I don't have a garden of my own. "
PAGES = {
    "declared": ("2025-01-05", "www.example.org", ARTICLE, ""),
    "picture": ("2025-01-05", "www.example.org", PICTURE, ""),
    "leak": ("2025-01-05", "www.example.org", "", LEAK),
    "quoted": ("2025-01-05", "www.example.org", "", f"My phone said “{LEAK}” and I laughed. "),
    "old leak": ("2016-01-05", "www.example.org", "", LEAK),
    "library": ("2025-01-05", "library.example", "", ""),
    "library's model": ("2025-01-05", "library.example", ARTICLE, ""),
}


def page(number: int, name: str) -> bytes:
    date, domain, head, beginning = PAGES[name]
    html = f"<html><head>{head}</head><body><main><p>{beginning}{text(name, 20)}</p></main></body></html>"
    return record(
        "response",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html.encode(),
        number,
        WARC_Date=f"{date}T12:00:00Z",
        WARC_Target_URI=f"https://{domain}/{number}",
        Content_Type="application/http; msgtype=response",
    )


@pytest.fixture(scope="module")
def rows(tmp_path_factory, tiny_scorer, check_run):
    folder = tmp_path_factory.mktemp("evidence")
    (folder / "a.warc.gz").write_bytes(members(*(page(i, name) for i, name in enumerate(PAGES))))
    (folder / "sources.yaml").write_text(
        "- match: {domain: library.example}\n  evidence: attested_human\n  attested_by: the library\n"
    )
    flags = [f"--input={folder}/a.warc.gz", f"--output={folder}/run", f"--sources={folder}/sources.yaml"]
    assert main(["curate", *flags, "--scoring=none"]) == 0
    check_run(folder / "run")
    found = ds.dataset(folder / "run/documents", partitioning="hive").to_table().to_pylist()
    names = list(PAGES)
    return {names[int(row["url"].rpartition("/")[2])]: row for row in found}


@pytest.mark.parametrize(
    ("name", "label", "reason"),
    [
        ("declared", "synthetic_known", f"declared as {MODEL}"),
        ("leak", "synthetic_known", "says “as an ai language model” in its own voice"),
        ("library", "human_verified", "source attested as human by the library"),
        (
            "library's model",
            "human_unverified",
            f"conflict: attested as human, yet declared as {MODEL}",
        ),
    ],
)
def test_evidence_gives_the_label_and_its_reason(rows, name, label, reason):
    assert (rows[name]["provenance"], rows[name]["reasons"][0]) == (label, reason)


@pytest.mark.parametrize("name", ["picture", "quoted", "old leak"])
def test_what_is_no_evidence_leaves_the_label_to_the_measurements(rows, name):
    assert rows[name]["provenance"] != "synthetic_known"
    assert not any(word in reason for reason in rows[name]["reasons"] for word in ("declared", "says"))

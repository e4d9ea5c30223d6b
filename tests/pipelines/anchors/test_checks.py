import pytest

from tests.pipelines.anchor_sets import TEXTS, write_lines
from wellspring.pipelines.anchors.checks import check_against
from wellspring.pipelines.command.arguments import UsageError
from wellspring.signals.matching.anchor_index import AnchorIndex

INDEX = AnchorIndex.from_documents((f"a{i}", text) for i, text in enumerate(TEXTS[:4]))


def test_files_of_several_patterns_are_read_as_one_stream(tmp_path):
    one = write_lines(tmp_path / "one.jsonl", [{"id": "x", "text": TEXTS[0]}, {"id": "e", "text": ""}])
    write_lines(tmp_path / "two.jsonl", [{"id": "y", "text": TEXTS[1]}, {"id": "z", "text": TEXTS[9]}])
    check, reasons = check_against(INDEX, "training", [str(one), f"{tmp_path}/tw*"])
    assert check.texts == 3
    assert check.patterns == [str(one), f"{tmp_path}/tw*"]
    assert reasons == {"a0": "a copy of 'x' in one.jsonl", "a1": "a copy of 'y' in two.jsonl"}


def test_of_a_folder_the_files_of_texts_are_read(tmp_path):
    for name, text in (("documents/provenance=human_verified/part.jsonl", TEXTS[0]),
                       ("documents/provenance=synthetic_known/part.jsonl", TEXTS[1]),
                       ("hold/batch=1/documents.jsonl", TEXTS[2])):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True)
        write_lines(tmp_path / name, [{"text": text}])
    (tmp_path / "manifest.json").write_text("{}")
    assert list(check_against(INDEX, "synthetic", [str(tmp_path)])[1]) == ["a1"]
    assert list(check_against(INDEX, "training", [str(tmp_path)])[1]) == ["a0", "a1"]
    # A folder that is no run is taken whole.
    assert list(check_against(INDEX, "training", [str(tmp_path / "hold")])[1]) == ["a2"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"text": "a"}\n{"text": \n', "record 1: malformed"),
        ('{"question": "a"}\n', "record 0: no_text"),
        ('{"text": " "}\n', "has no text"),
        ("", "has no text"),
    ],
)
def test_what_cannot_be_compared_stops_the_check(tmp_path, content, message):
    (tmp_path / "x.jsonl").write_text(content)
    with pytest.raises(UsageError, match=f"--against_benchmarks: .*{message}"):
        check_against(INDEX, "benchmarks", [f"{tmp_path}/x.jsonl"])


def test_a_folder_without_texts_is_an_error(tmp_path):
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(UsageError, match="holds no Parquet and no JSONL file"):
        check_against(INDEX, "training", [str(tmp_path)])

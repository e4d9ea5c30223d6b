import gzip
import json

import pytest

from wellspring.pipelines.cli import main
from wellspring.signals.batch.tail_coverage import grouped_presence, read_tail_reference
from wellspring.signals.lm.model_folder import REFERENCE_EN
from wellspring.signals.lm.tokenization import load_tokenizer


def present(reference, ids):
    return len(grouped_presence(reference, ids, [len(ids)], [0]))


@pytest.fixture
def corpus(tmp_path):
    rows = [
        {"id": "a", "text": "The rain it raineth every day.", "label": "human"},
        {"id": "b", "text": "The rain it raineth all night.", "label": "human"},
        {"id": "c", "text": "A machine wrote this, a machine wrote this.", "label": "synthetic"},
    ]
    with gzip.open(tmp_path / "text.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return tmp_path / "text.jsonl.gz"


def test_it_writes_the_rare_pairs_of_human_text(corpus, tmp_path, capsys):
    output = tmp_path / "rare_pairs.json"
    assert main(["tail-reference", f"--corpus={corpus}", f"--output={output}"]) == 0
    reference = read_tail_reference(output.read_bytes())
    tokenizer = load_tokenizer(REFERENCE_EN)
    assert reference.tokenizer == tokenizer.sha256
    human, machine = tokenizer.encode_batch(["The rain it raineth", "A machine wrote this"])
    assert len(reference) > 0
    assert present(reference, human) == len(reference)
    assert present(reference, machine) == 0
    assert "rare pairs (100% of them)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--corpus=nothing-*.gz"], "--corpus: no file matches 'nothing-*.gz'"),
        (["--scorer=no/such/folder/at/all"], "no such folder"),
    ],
)
def test_what_it_cannot_use_is_one_line(corpus, tmp_path, flags, message, capsys):
    argv = ["tail-reference", f"--corpus={corpus}", f"--output={tmp_path / 'x.json'}", *flags]
    assert main(argv) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "x.json").exists()

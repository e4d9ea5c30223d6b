"""What a job loads: no model's library where nothing is scored, no Beam where nothing runs on it.

The tests begin a process of their own, since this one has loaded all of them.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines.mixed_runs import some_documents, write_texts

TELL = """
import json, sys
from wellspring.pipelines.cli import main
commands, unwanted = json.load(sys.stdin)
for command in commands:
    assert main(command) == 0, command
    found = [name for name in unwanted if name in sys.modules]
    assert not found, f"{command[0]} loads {found}"
print("as it should be")
"""
SOURCES = """
- match: {source: library}
  evidence: attested_human
  attested_by: "the library, 2019"
"""


def run_in_a_new_process(commands: list[list[str]], unwanted: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TELL],
        input=json.dumps([commands, unwanted]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.endswith("as it should be\n"), done.stderr[-2000:]


@pytest.mark.slow
def test_what_scores_nothing_loads_no_torch_and_what_reads_a_queue_no_beam(tmp_path: Path) -> None:
    write_texts(tmp_path / "texts.jsonl", some_documents(60))
    (tmp_path / "sources.yaml").write_text(SOURCES)
    run, again, drawn = (str(tmp_path / name) for name in ("run", "again", "set"))
    recipe = "seed: 7\nby: labels\ntokens: 500\nwhen_short: lower\nshares: {human_verified: 1.0}\n"
    (tmp_path / "recipe.yaml").write_text(recipe)
    run_in_a_new_process(
        [
            ["curate", f"--input={tmp_path}/texts.jsonl", f"--output={run}", "--profile=seed",
             "--scoring=none", f"--sources={tmp_path}/sources.yaml", "--batch_documents=32"],
            ["reprocess", f"--run={run}", f"--output={again}", "--profile=reference-en"],
            ["mix", f"--recipe={tmp_path}/recipe.yaml", f"--run={run}", f"--output={drawn}"],
            ["lineage", f"--set={drawn}", "--id=d0"],
            ["report", f"--run={run}"],
            ["forget", f"--run={run}", f"--set={drawn}", "--id=d3", "--by=a test", "--reason=a test"],
        ],
        ["torch", "transformers"],
    )  # fmt: skip
    queue = [["review", "list", f"--run={run}"], ["release", f"--run={run}"]]
    run_in_a_new_process(queue, ["torch", "transformers", "apache_beam"])

"""The Python of README and of its guide runs, and prints something."""

import contextlib
import io
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/how-to/python.md")
SNIPPETS = [
    pytest.param(snippet, id=f"{page}-{number}")
    for page in PAGES
    for number, snippet in enumerate(re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL))
]


@pytest.mark.slow
@pytest.mark.parametrize("snippet", SNIPPETS)
def test_the_snippet_runs_and_prints_something(
    snippet: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    texts = [{"id": f"d{n}", "text": f"Sentence {n} of a text that is long enough. " * 3} for n in range(3)]
    Path("texts.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts))
    printed = io.StringIO()

    with contextlib.redirect_stdout(printed):
        exec(compile(snippet, "snippet", "exec"), {"__name__": "__main__"})

    assert printed.getvalue().strip()


def test_there_are_snippets() -> None:
    assert len(SNIPPETS) >= len(PAGES)

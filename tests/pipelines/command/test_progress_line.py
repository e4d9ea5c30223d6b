import io
import time
from collections import Counter

from wellspring.pipelines.command import progress_line
from wellspring.pipelines.command.progress_line import ProgressLine, progress_text
from wellspring.transforms.beam.progress import Progress


def test_each_stage_says_how_far_it_is_and_what_is_left():
    read = {"read": Counter(bytes=250, documents=1200)}
    assert progress_text(read, {"read": 10}, 1000) == (
        "reading: 1,200 documents, 25% of the input, about 0:30 left in this step"
    )
    assert progress_text(read, {"read": 10}, None) == "reading: 1,200 documents"
    measured = read | {"measured": Counter(documents=600, tokens=90_000)}
    assert progress_text(measured, {"read": 20, "measured": 60}, 1000) == (
        "measuring: 600 of 1,200 documents, 90,000 tokens, about 1:00 left in this step"
    )
    scored = measured | {"scored": Counter(documents=300, tokens=45_000)}
    assert progress_text(scored, {"read": 20, "measured": 60, "scored": 10}, 1000) == (
        "scoring: 300 of 600 documents, 45,000 tokens, 4,500 tokens/s, about 0:10 left in this step"
    )
    assert progress_text({}, {}, 1000) == "starting"


def test_it_prints_while_the_work_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(progress_line, "_EVERY_SECONDS_ELSEWHERE", 0.02)
    stream = io.StringIO()
    progress = Progress(str(tmp_path))
    with ProgressLine(progress, None, stream):
        progress.add("read", bytes=5, documents=3)
        time.sleep(0.3)
    assert "reading: 3 documents\n" in stream.getvalue()

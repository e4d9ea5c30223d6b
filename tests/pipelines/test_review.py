"""The hold queue in the terminal."""

import pytest

from tests.review.held_run import held_run
from wellspring.pipelines.cli import main
from wellspring.review.queue import HoldQueue


@pytest.fixture
def run(tmp_path):
    return held_run(tmp_path / "run", batches=3, documents=4, sources=("books", "web-archive"))


def batches(run) -> list[str]:
    return [entry.audit.batch_id for entry in HoldQueue(str(run)).entries()]


def test_the_list_names_what_waits_and_can_be_narrowed(run, tmp_path, capsys):
    other = held_run(tmp_path / "other", batches=1)
    assert main(["review", "list", f"--run={run},{other}"]) == 0
    printed = capsys.readouterr().out
    assert all(batch in printed for batch in (*batches(run), *batches(other)))
    assert "4 batches held, 4 waiting for a decision" in printed

    assert main(["review", "list", f"--run={run}", "--source=books", "--limit=1"]) == 0
    narrowed = capsys.readouterr().out
    of_books = [e.audit.batch_id for e in HoldQueue(str(run)).entries() if e.audit.source == "books"]
    assert [b for b in batches(run) if b in narrowed] == of_books[:1]
    assert main(["review", "list", f"--run={run}", "--state=approved"]) == 0
    assert not any(batch in capsys.readouterr().out for batch in batches(run))


def test_show_says_why_and_what_would_have_passed(run, capsys):
    batch = batches(run)[0]
    assert main(["review", "show", f"--run={run}", f"--batch={batch[:8]}"]) == 0
    printed = capsys.readouterr().out
    ticket = HoldQueue(str(run)).ticket(batch)
    assert ticket.why in printed and ticket.would_pass in printed
    assert "tail_coverage" in printed
    assert "the most suspicious of its documents" in printed


def test_a_document_is_shown_whole_and_harmless(tmp_path, capsys):
    hostile = "before\x1b[2J\x1b]0;owned\x07after\u202egnp.exe\nsecond line"
    run = held_run(tmp_path / "run", batches=1, documents=2, texts=[hostile])
    (batch,) = batches(run)
    (document,) = [d.id for d in HoldQueue(str(run)).documents(batch) if d.text == hostile]
    assert main(["review", "show", f"--run={run}", f"--batch={batch}", f"--document={document}"]) == 0
    printed = capsys.readouterr().out
    assert "before\\u001b[2J" in printed and "\\u202egnp.exe" in printed
    assert "| second line" in printed
    assert not any(c in printed for c in "\x1b\x07\u202e")


def test_decisions_from_the_terminal(run, capsys, check_run):
    one, other, third = batches(run)
    document = HoldQueue(str(run)).documents(other)[0].id
    assert main(["review", "approve", f"--run={run}", f"--batch={one},{third}", "--by=ann"]) == 0
    assert (
        main(
            [
                *("review", "reject", f"--run={run}", f"--batch={other}", "--by=ann"),
                *(f"--document={document}", "--reason=spam"),
            ]
        )
        == 0
    )
    assert main(["review", "undo", f"--run={run}", f"--batch={third}", "--by=ben"]) == 0
    states = [entry.state for entry in HoldQueue(str(run)).entries()]
    assert states == ["approved", "rejected", "waiting"]
    capsys.readouterr()
    assert main(["release", f"--run={run}", "--by=carla"]) == 0
    printed = capsys.readouterr().out
    assert "release 1: 2 batches, 7 documents published, 1 declined" in printed
    assert "1 batches still wait" in printed
    check_run(run)
    assert main(["release", f"--run={run}"]) == 0
    assert "nothing to release" in capsys.readouterr().out


def test_one_refused_batch_does_not_keep_the_others_from_being_decided(run, capsys):
    one, other, _ = batches(run)
    assert main(["review", "approve", f"--run={run}", f"--batch={one}", "--by=ann"]) == 0
    capsys.readouterr()
    assert main(["review", "reject", f"--run={run}", f"--batch={one},{other}", "--by=ben", "--reason=x"]) == 1
    printed = capsys.readouterr()
    assert f"batch {one} was approved by ann" in printed.err
    assert f"batch {other}: 1. reject by ben" in printed.out


def test_a_changed_batch_is_broken_in_show_and_left_out_of_a_release(run, capsys):
    batch = batches(run)[0]
    assert main(["review", "approve", f"--run={run}", f"--batch={batch}", "--by=ann"]) == 0
    ticket = run / "hold" / f"batch={batch}" / "ticket.json"
    ticket.write_text(ticket.read_text().replace('"margin": 0.', '"margin": 9.'))
    capsys.readouterr()
    assert main(["review", "show", f"--run={run}", f"--batch={batch}"]) == 1
    assert "ticket.json was changed" in capsys.readouterr().err
    assert main(["release", f"--run={run}"]) == 1
    assert "left out: nothing can be decided on a changed batch" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["look"], "no action 'look'; there are list, show"),
        (["list"], "required: --run"),
        (["list", "--run=nowhere"], "--run: nowhere is not a finished run"),
        (["show", "--run={run}", "--batch=zzzzzz"], "holds no batch 'zzzzzz'"),
        (["show", "--run={run}", "--batch={batch}", "--document=x"], "has no document 'x'"),
        (["approve", "--run={run}", "--batch="], "--batch: the value is empty"),
        (["reject", "--run={run}", "--batch=a,b", "--document=x", "--reason=y"], "goes with one --batch"),
    ],
)
def test_wrong_arguments_are_one_line(run, argv, message, capsys):
    filled = [part.format(run=run, batch=batches(run)[0]) for part in argv]
    assert main(["review", *filled]) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert not (run / "decisions").exists()

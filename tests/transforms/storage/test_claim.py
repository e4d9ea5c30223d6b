"""Who holds an output, and who may take it over."""

import json
import signal
import subprocess
import sys
import threading

import msgspec
import pytest

from wellspring.transforms.storage import claim as claims
from wellspring.transforms.storage.claim import (
    Claim,
    ClaimedError,
    ClaimLostError,
    check_claim,
    file_claim,
    folder_claim,
    hand_over,
    holds_claim,
    is_alive,
    let_go,
    refuse_claimed,
    take_claim,
    this_process,
)

HELD = """
import sys, time
from wellspring.transforms.storage.claim import folder_claim, take_claim
take_claim(folder_claim(sys.argv[1]), "curate")
print("claimed", flush=True)
time.sleep(60)
"""


@pytest.fixture
def place(tmp_path):
    return folder_claim(str(tmp_path / "run"))


@pytest.fixture
def other(tmp_path):
    """Another process that has claimed the folder."""
    with subprocess.Popen(
        [sys.executable, "-c", HELD, str(tmp_path / "run")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "claimed\n"
        yield process
        process.kill()


def written(place, **changes) -> None:
    """A claim as another process would have left it."""
    there = msgspec.json.decode(place.storage.read(place.path))
    process = changes.pop("process", {})
    place.storage.replace(
        place.path, json.dumps(there | changes | {"process": there["process"] | process}).encode()
    )


def test_a_claim_says_who_holds_it_and_goes(place, tmp_path):
    claim = take_claim(place, "curate")
    assert list(tmp_path.rglob("claim.json")) == [tmp_path / "run/.unfinished/claim.json"]
    with pytest.raises(
        ClaimedError, match=rf"run is being written by `wellspring curate` \(process {claim.process.pid}"
    ):
        take_claim(place, "curate")
    check_claim(place, claim.id)
    let_go(place, claim.id)
    assert not (tmp_path / "run/.unfinished").exists()
    let_go(place, take_claim(place, "mix").id)


def test_a_living_process_keeps_its_claim_and_a_killed_one_leaves_it_to_be_taken(place, other):
    with pytest.raises(ClaimedError, match=f"process {other.pid} on .*: wait for its end"):
        take_claim(place, "curate")
    with pytest.raises(ClaimedError):
        refuse_claimed(place)
    other.send_signal(signal.SIGKILL)
    # Also while its parent has not asked for its end.
    while is_alive(msgspec.json.decode(place.storage.read(place.path), type=Claim)):
        pass
    refuse_claimed(place)
    claim = take_claim(place, "curate")
    check_claim(place, claim.id)


def test_a_number_that_was_given_again_is_another_process(place):
    take_claim(place, "curate")
    written(place, process={"pid": 1, "started": "12"})
    take_claim(place, "curate")


def test_what_this_process_could_not_remove_is_nobodys(place, monkeypatch):
    claim = take_claim(place, "curate")
    monkeypatch.setattr(claims, "_held", set())
    assert is_alive(claim) is False
    take_claim(place, "curate")


@pytest.mark.parametrize(
    ("process", "runner", "alive"),
    [
        ({"boot": "another"}, None, False),
        ({"boot": "another", "host": "another"}, None, None),
        ({"boot": "another", "machine": "another"}, None, None),
        ({"boot": "another", "machine": None}, None, None),
        ({"namespace": "another"}, None, None),
        ({"boot": None}, None, None),
        ({"pid": 2**22 + 1}, "DataflowRunner", None),
        ({"pid": 2**22 + 1}, None, False),
    ],
)
def test_what_can_be_seen_of_a_process(process, runner, alive, monkeypatch):
    here = msgspec.structs.replace(this_process(), machine="this one")
    monkeypatch.setattr(claims, "this_process", lambda: here)
    there = msgspec.structs.replace(here, **process)
    claim = Claim(id="a", job="curate", user="u", since="2026", process=there, runner=runner)
    assert is_alive(claim) is alive


def test_a_claim_that_can_not_be_judged_names_the_file_to_remove(place):
    take_claim(place, "curate", runner="DataflowRunner")
    with pytest.raises(
        ClaimedError, match=r"DataflowRunner, since .* if it has ended, remove \S+/claim.json"
    ) as said:
        take_claim(place, "curate")
    named = str(said.value).partition("remove ")[2].split()[0]
    assert open(named).read()  # noqa: PTH123, SIM115
    place.storage.delete(place.path)
    take_claim(place, "curate")


def test_a_damaged_claim_is_refused(place):
    place.storage.create(place.path, b"{}")
    with pytest.raises(ClaimedError, match=r"claim.json can't be read: remove it"):
        take_claim(place, "curate")


def test_a_claim_that_was_handed_over_is_that_of_the_runners_job(place):
    claim = take_claim(place, "curate", runner="DataflowRunner")
    hand_over(place, claim, "2026-11-27_01")
    with pytest.raises(ClaimedError, match="DataflowRunner job 2026-11-27_01"):
        take_claim(place, "curate")
    check_claim(place, claim.id)
    let_go(place, claim.id)
    # The job was faster than its launcher: nothing comes back.
    hand_over(place, claim, "2026-11-27_01")
    refuse_claimed(place)


def test_a_claim_that_is_gone_or_anothers_is_lost(place):
    claim = take_claim(place, "curate")
    written(place, id="another")
    with pytest.raises(ClaimLostError, match="was taken over by `wellspring curate`"):
        check_claim(place, claim.id)
    let_go(place, claim.id)  # which is not its own any more
    place.storage.read(place.path)
    place.storage.delete(place.path)
    with pytest.raises(ClaimLostError, match="claim was removed while it ran"):
        check_claim(place, claim.id)
    assert not holds_claim(place, claim.id)


@pytest.mark.parametrize("stale", [False, True])
def test_of_many_who_claim_at_once_one_wins(stale, tmp_path):
    for attempt in range(20):
        place = folder_claim(str(tmp_path / str(attempt)))
        if stale:
            take_claim(place, "curate")
            written(place, process={"pid": 2**22 + 1})
        start, won, lost = threading.Barrier(8), [], []

        def take(place=place, start=start, won=won, lost=lost) -> None:
            start.wait()
            try:
                won.append(take_claim(place, "curate").id)
            except ClaimedError:
                lost.append(1)

        threads = [threading.Thread(target=take) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(won), len(lost)) == (1, 7)
        check_claim(place, won[0])


def test_one_output_has_one_claim_by_whatever_links(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "file").symlink_to("real/scored.jsonl")
    take_claim(folder_claim(str(tmp_path / "link")), "simulate")
    with pytest.raises(ClaimedError):
        take_claim(folder_claim(f"{tmp_path}/link/../real"), "simulate")
    take_claim(file_claim(str(tmp_path / "file")), "score")
    with pytest.raises(ClaimedError):
        take_claim(file_claim(str(tmp_path / "real/scored.jsonl")), "score")
    take_claim(file_claim(str(tmp_path / "real/other.jsonl")), "score")

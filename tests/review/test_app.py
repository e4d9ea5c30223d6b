import html
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.review.held_run import held_run
from tests.review.page_client import boxes, links, page_client, reviewer, submit
from wellspring.review.history import APPROVED, REJECTED, WAITING
from wellspring.review.queue import HoldQueue
from wellspring.review.release import release_decided


def _first_batch(run: Path) -> str:
    """The address of the first held batch: the one that has the given texts."""
    queue = HoldQueue(str(run))
    return f"/runs/{queue.key}/batches/{next(a.batch_id for a in queue.audits if a.held)}"


def _state(run: Path, address: str) -> str:
    return HoldQueue(str(run)).entry(address.rsplit("/", 1)[1]).state


def test_a_person_opens_the_queue_a_batch_and_a_document(tmp_path: Path) -> None:
    run = held_run(tmp_path / "run", batches=3, documents=4)
    with reviewer(run) as client:
        queue = client.get("/")
        assert "3 waiting" in queue.text and len(boxes(queue, "batch")) == 3
        batch = client.get(links(queue, "/batches/")[0])
        assert "Why it was held" in batch.text and "It would have passed with" in batch.text
        assert "above the limit of 6.534" in batch.text and "Grey ticks: the 2 passed" in batch.text
        documents = links(batch, "/documents/")
        assert len(documents) == 4
        page = client.get(documents[0])
        assert page.status_code == 200 and 'class="t' in page.text and "Mark for rejection" in page.text


def test_documents_are_listed_by_suspicion_those_without_a_probability_last(tmp_path: Path) -> None:
    run = held_run(tmp_path / "run", batches=1, documents=150)
    queue = HoldQueue(str(run))
    (entry,) = queue.entries()
    rows = queue.documents(entry.audit.batch_id)
    expected = sorted(range(150), key=lambda at: (rows[at].probability is None, -(rows[at].probability or 0)))
    with reviewer(run) as client:
        first = client.get(_first_batch(run))
        second = client.get(next(a for a in links(first, "page=2")))
        shown = [int(a.rsplit("/", 1)[1]) for page in (first, second) for a in links(page, "/documents/")]
        assert shown == expected
        assert rows[expected[-1]].probability is None
        middle = client.get(f"{_first_batch(run)}/documents/{expected[70]}")
        assert links(middle, f"/documents/{expected[69]}") and links(middle, f"/documents/{expected[71]}")


def test_approves_and_undoes_and_says_who_and_when(tmp_path: Path) -> None:
    run = held_run(tmp_path / "run", batches=2)
    address = _first_batch(run)
    with reviewer(run, name="Ada <b>L.</b>") as client:
        page = client.get(address)
        done = submit(
            client, page, f"{address}/decide", action="approve", seen="0", reason="looks <i>fine</i>"
        )
        assert done.status_code == 200 and _state(run, address) == APPROVED
        assert "Ada &lt;b&gt;L.&lt;/b&gt;" in done.text and "looks &lt;i&gt;fine&lt;/i&gt;" in done.text
        assert "<b>L." not in done.text
        undone = submit(client, done, f"{address}/decide", action="undo", seen="1", reason="")
        assert undone.status_code == 200 and _state(run, address) == WAITING
        assert undone.text.count("<li><b>approve</b>") == 1 and "<b>undo</b>" in undone.text


def test_the_second_of_two_reviewers_is_told_who_was_first(tmp_path: Path) -> None:
    run = held_run(tmp_path / "run", batches=1)
    address = _first_batch(run)
    with reviewer(run, name="Ada") as ada, reviewer(run, name="Grace") as grace:
        seen_by_grace = grace.get(address)
        submit(ada, ada.get(address), f"{address}/decide", action="approve", seen="0", reason="")
        late = submit(grace, seen_by_grace, f"{address}/decide", action="reject", seen="0", reason="spam")
        assert late.status_code == 409
        assert "was approved by Ada" in late.text and "spam" not in _decisions(run)
        assert 'role="alert"' in late.text
        # Ada takes it back: what Grace saw is still not what there is.
        submit(ada, ada.get(address), f"{address}/decide", action="undo", seen="1", reason="")
        again = submit(grace, seen_by_grace, f"{address}/decide", action="reject", seen="0", reason="my note")
        assert again.status_code == 409 and "put back to waiting by Ada" in again.text
        assert ">my note</textarea>" in again.text  # what was written isn't lost
        assert _state(run, address) == WAITING


def _decisions(run: Path) -> str:
    return "".join(path.read_text() for path in (run / "decisions").rglob("*.json"))


def test_a_rejection_needs_a_note_without_script_too(tmp_path: Path) -> None:
    run = held_run(tmp_path / "run", batches=1)
    address = _first_batch(run)
    with reviewer(run) as client:
        refused = submit(
            client, client.get(address), f"{address}/decide", action="reject", seen="0", reason=" "
        )
        assert refused.status_code == 409 and "a rejection needs a reason" in refused.text
        assert _state(run, address) == WAITING


def test_marked_documents_are_rejected_and_the_others_approved(tmp_path: Path) -> None:
    run = held_run(tmp_path / "run", batches=1, documents=120)
    address = _first_batch(run)
    with reviewer(run) as client:
        first = client.get(address)
        shown = boxes(first, "document")
        assert len(shown) == 100
        chosen = shown[:2]
        kept = submit(
            client, first, f"{address}/decide", action="mark", seen="0", shown=shown, document=chosen
        )
        assert "2 documents marked" in kept.text and _state(run, address) == WAITING
        second = client.get(f"{address}?page=2")
        on_second = boxes(second, "document")
        document = client.get(f"{address}/documents/{on_second[0]}")
        submit(client, document, f"{address}/documents/{on_second[0]}/mark", marked="1")
        unmarked = submit(client, document, f"{address}/documents/{on_second[1]}/mark", marked="1")
        submit(client, unmarked, f"{address}/documents/{on_second[1]}/mark", marked="0")
        done = submit(
            client,
            second,
            f"{address}/decide",
            action="reject-marked",
            seen="0",
            reason="copies",
            shown=on_second,
            document=on_second[:1],
        )
        assert done.status_code == 200 and _state(run, address) == REJECTED
    queue = HoldQueue(str(run))
    (entry,) = queue.entries()
    rows = queue.documents(entry.audit.batch_id)
    expected = sorted(rows[int(place)].id for place in [*chosen, on_second[0]])
    assert entry.history[0].documents == expected


def test_a_batch_with_marked_documents_is_not_approved_as_a_whole(tmp_path: Path) -> None:
    run = held_run(tmp_path / "run", batches=1)
    address = _first_batch(run)
    with reviewer(run) as client:
        page = client.get(address)
        fields = {"action": "approve", "seen": "0", "reason": "", "shown": ["0", "1", "2", "3"]}
        refused = submit(client, page, f"{address}/decide", **fields, document=["2"])
        assert refused.status_code == 409 and "1 document marked for rejection" in refused.text
        assert _state(run, address) == WAITING
        submit(client, page, f"{address}/decide", **fields)
        assert _state(run, address) == APPROVED


def test_without_a_mark_nothing_is_rejected(tmp_path: Path) -> None:
    run = held_run(tmp_path / "run", batches=1)
    address = _first_batch(run)
    with reviewer(run) as client:
        page = client.get(address)
        answer = submit(client, page, f"{address}/decide", action="reject-marked", seen="0", reason="x")
        assert answer.status_code == 409 and "no document was chosen" in answer.text
        queue = client.get("/")
        bad = submit(
            client, queue, "/decide", action="reject-marked", reason="x", batch=boxes(queue, "batch"), to="/"
        )
        assert bad.status_code == 400
    assert _state(run, address) == WAITING


def test_several_at_once_and_one_undo_for_all(tmp_path: Path) -> None:
    run = held_run(tmp_path / "run", batches=5)
    with reviewer(run) as client:
        queue = client.get("/")
        chosen = boxes(queue, "batch")[:3]
        done = submit(
            client, queue, "/decide", action="reject", reason="bulk", batch=chosen, to="/?state=any"
        )
        assert "Rejected 3 batches." in done.text
        assert sorted(e.state for e in HoldQueue(str(run)).entries()) == [REJECTED] * 3 + [WAITING] * 2
        again = [value.rsplit(":", 1)[0] + ":1" for value in chosen]
        assert all(html.unescape(f'value="{value}"') in done.text for value in again)
        submit(client, done, "/decide", action="undo", reason="", batch=again, to="/")
        assert {e.state for e in HoldQueue(str(run)).entries()} == {WAITING}
        # One of three was decided by somebody else meanwhile: the two others are decided all the same.
        HoldQueue(str(run)).approve(chosen[0].split(":")[1], by="Grace")
        now = [value.rsplit(":", 1)[0] + ":2" for value in chosen]
        partly = submit(client, done, "/decide", action="approve", reason="", batch=now, to="/")
        assert partly.status_code == 409
        assert "1 batch was not decided" in partly.text and "approved by Grace" in partly.text
        assert "Approved 2 batches." in partly.text


def test_nothing_selected_and_nobody_named(tmp_path: Path) -> None:
    run = held_run(tmp_path / "run", batches=1)
    with reviewer(run) as client:
        queue = client.get("/")
        assert "No batch was selected" in submit(client, queue, "/decide", action="approve", to="/").text
        client.cookies.delete("wellspring_reviewer")
        queue = client.get("/")
        chosen = boxes(queue, "batch")
        asked = submit(client, queue, "/decide", action="approve", batch=chosen, to="/?state=any")
        assert "say who you are first" in asked.text
        assert {e.state for e in HoldQueue(str(run)).entries()} == {WAITING}
        submit(client, queue, "/decide", action="approve", batch=chosen, to="/", by="  Grace  Hopper ")
        (entry,) = HoldQueue(str(run)).entries()
        assert entry.history[0].by == "Grace Hopper"
        assert "Grace Hopper" in client.get("/").text


@pytest.mark.parametrize("name", ["", "  ", "a" * 201, "Eve\u202e", "E\x00"])
def test_a_name_is_visible_and_bounded(tmp_path: Path, name: str) -> None:
    run = held_run(tmp_path / "run", batches=1)
    with reviewer(run) as client:
        page = client.get("/name")
        assert submit(client, page, "/name", name=name).status_code == 400


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/\\evil.example", "/\nX: y", "evil"]
)
def test_a_form_leads_to_no_other_site(tmp_path: Path, to: str) -> None:
    run = held_run(tmp_path / "run", batches=1)
    with reviewer(run) as client:
        client.follow_redirects = False
        page = client.get("/name")
        assert submit(client, page, "/name", name="Ada", to=to).headers["location"] == "/"


def test_a_changed_ticket_is_shown_as_broken_and_not_decided(tmp_path: Path) -> None:
    run = held_run(tmp_path / "run", batches=2)
    address = _first_batch(run)
    batch_id = address.rsplit("/", 1)[1]
    ticket = run / f"hold/batch={batch_id}/ticket.json"
    ticket.write_text(ticket.read_text().replace('"why": "', '"why": "nothing is wrong: '))
    with reviewer(run) as client:
        queue = client.get("/")
        assert "was changed" in queue.text and 'class="state s-broken"' in queue.text
        assert len(boxes(queue, "batch")) == 1
        assert client.get(address).status_code == 422
        assert "nothing is wrong" not in client.get(address).text
        value = f"{address.split('/')[2]}:{batch_id}:0"
        forced = submit(client, queue, "/decide", action="approve", batch=[value], to="/")
        assert forced.status_code == 409 and "changed" in forced.text
    assert not (run / "decisions").exists()


def test_changed_documents_are_not_shown(tmp_path: Path) -> None:
    run = held_run(tmp_path / "run", batches=1)
    address = _first_batch(run)
    documents = run / f"hold/batch={address.rsplit('/', 1)[1]}/documents.parquet"
    documents.write_bytes(documents.read_bytes()[:-1] + b"x")
    with reviewer(run) as client:
        assert client.get(address).status_code == 422
        assert client.get(f"{address}/documents/0").status_code == 422


def test_decision_files_that_do_not_fit_make_a_batch_broken(tmp_path: Path) -> None:
    run = held_run(tmp_path / "run", batches=1)
    address = _first_batch(run)
    forged = run / "decisions" / address.rsplit("/", 1)[1] / "2.json"
    forged.parent.mkdir(parents=True)
    forged.write_text(json.dumps({"decision": "approve"}))
    with reviewer(run) as client:
        assert "decision 1 is missing" in client.get("/?state=broken").text
        page = client.get(address)
        assert "decision 1 is missing" in page.text and 'value="approve"' not in page.text


def test_what_is_not_there(tmp_path: Path) -> None:
    run = held_run(tmp_path / "run", batches=1)
    address = _first_batch(run)
    key = address.split("/")[2]
    with reviewer(run) as client:
        for missing in (
            "/nowhere",
            f"/runs/{'0' * 16}/batches/{'0' * 32}",
            f"/runs/{key}/batches/{'0' * 32}",
            f"/runs/{key}/batches/..%2f..%2fmanifest.json",
            f"{address}/documents/4",
            f"{address}/documents/-1",
            f"{address}/documents/{'9' * 40}",
        ):
            assert client.get(missing).status_code == 404, missing


@pytest.mark.slow
def test_a_released_batch_can_not_be_decided(tmp_path: Path, check_run: Callable[..., None]) -> None:
    run = held_run(tmp_path / "run", batches=1)
    address = _first_batch(run)
    with reviewer(run) as client:
        page = client.get(address)
        done = submit(client, page, f"{address}/decide", action="approve", seen="0", reason="")
        release_decided(HoldQueue(str(run)), by="Ada")
        late = submit(client, done, f"{address}/decide", action="undo", seen="1", reason="")
        assert late.status_code == 409 and "is in release 1" in late.text
        assert "nothing can be decided any more" in client.get(address).text
    check_run(run)


def test_reads_what_others_decide_in_the_background(tmp_path: Path) -> None:
    import time

    run = held_run(tmp_path / "run", batches=2)
    with page_client(run, refresh_seconds=0.05) as client:
        client.get("/?token=a-token-for-the-tests")
        HoldQueue(str(run)).approve(_first_batch(run).rsplit("/", 1)[1], by="Grace")
        deadline = time.monotonic() + 20
        while "Grace" not in client.get("/?state=approved").text:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_two_runs_are_told_apart(tmp_path: Path) -> None:
    one = held_run(tmp_path / "one" / "run", batches=2, finished="2026-01-01T00:00:00+00:00")
    two = held_run(tmp_path / "two" / "run", batches=2)  # the same batches, of the same ids
    with reviewer(one, two) as client:
        queue = client.get("/")
        assert "4 waiting" in queue.text
        key = HoldQueue(str(two)).key
        only = client.get(f"/?run={key}")
        chosen = boxes(only, "batch")
        assert len(chosen) == 2 and all(value.startswith(key) for value in chosen)
        submit(client, only, "/decide", action="approve", batch=chosen, to="/")
    assert {e.state for e in HoldQueue(str(one)).entries()} == {WAITING}
    assert {e.state for e in HoldQueue(str(two)).entries()} == {APPROVED}


HOSTILE = [
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "{{ 7*7 }} {% for x in y %} ${7*7} <%= 7*7 %>",
    "safe\u202etxet desrever\u2066 \u200bzero\u0000 \u001b[31m",
    "</div></main><form action=https://evil.example><button>approve",
]


def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path) -> None:
    run = held_run(
        tmp_path / "run",
        batches=1,
        texts=HOSTILE,
        sources=('"><svg onload=alert(3)>\u202e',),
        url="javascript:alert(4)",
        metadata='{"a": "</script><script>alert(5)</script>"}',
    )
    address = _first_batch(run)
    with reviewer(run) as client:
        pages = [client.get("/?state=any"), client.get(address)]
        pages += [client.get(f"{address}/documents/{place}") for place in range(len(HOSTILE))]
        for page in pages:
            assert page.status_code == 200
            for tag in ("<script>", "<img", "<svg onload", "<form action=https", 'javascript:alert(4)"'):
                assert tag not in page.text
            assert not set(page.text) & set("\u202e\u2066\u200b\u0000\u001b")
            assert 'href="javascript' not in page.text
        assert "49 " not in pages[3].text and "{{" in pages[3].text
        assert "\\u202e" in pages[4].text and "\\u0000" in pages[4].text

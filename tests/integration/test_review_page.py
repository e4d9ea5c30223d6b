"""The review page in a real browser: Debian's Chromium, driven by playwright."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn

from tests.review.held_run import held_run
from wellspring.review.app import create_app
from wellspring.review.history import APPROVED, REJECTED, WAITING
from wellspring.review.queue import HoldQueue
from wellspring.review.served_runs import ServedRuns

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
]
_FLAGS = (
    "--no-sandbox --headless --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
_TOKEN = "a-token-for-the-tests"
_HOSTILE = [
    "<script>alert(1)</script><img src=http://evil.example/x.png onerror=alert(2)>"
    "<link rel=stylesheet href=http://evil.example/x.css><iframe src=http://evil.example></iframe>",
    "{{ 7*7 }} {% include '/etc/passwd' %} ${7*7}",
    "\u202e\u2066 approve this \u2069\u200b " + "\u0301" * 500 + " \u202etxet",
    "</div></main><form action=/decide method=post><button name=action value=approve>x</button></form>"
    "<base href=http://evil.example/><meta http-equiv=refresh content='0;url=http://evil.example'>",
    "a" * 3000 + " \t" + "ـ" * 3000,
]


class _Page:
    """A page in the browser, and what happened on it that must not."""

    def __init__(self, page: "sync_api.Page", address: str) -> None:
        self.page = page
        self.address = address
        self.wrong: list[str] = []
        page.on("dialog", self._dialog)
        page.on("request", self._request)
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("console", lambda said: self.wrong.append(f"console: {said.text}"))

    def _dialog(self, dialog: "sync_api.Dialog") -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: "sync_api.Request") -> None:
        if not request.url.startswith(self.address):
            self.wrong.append(f"request: {request.url}")

    def open(self, path: str = "/") -> None:
        self.page.goto(self.address + path)
        self.page.wait_for_load_state("load")

    def follow(self, selector: str) -> None:
        """Clicks on what leads to another page, and waits until that is there: a key that is pressed before
        would go to the page that is left."""
        with self.page.expect_navigation(wait_until="load"):
            self.page.click(selector)


@pytest.fixture(scope="module")
def browser() -> "Iterator[sync_api.Browser]":
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS.split())
        yield started
        started.close()


@contextmanager
def _server(run: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = create_app(ServedRuns([str(run)], refresh_seconds=0.3), token=_TOKEN, port=port)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=30)


@contextmanager
def _reviewer(
    browser: "sync_api.Browser",
    address: str,
    name: str = "Ada",
    width: int = 1200,
    scheme: str = "light",
    script: bool = True,
) -> Iterator[_Page]:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
        java_script_enabled=script,
    )
    page = _Page(context.new_page(), address)
    page.open(f"/?token={_TOKEN}")
    assert "token" not in page.page.url
    page.open("/name")
    page.page.fill("input[name=name]", name)
    page.follow("button:has-text('Keep it')")
    yield page
    assert page.wrong == []
    context.close()


def _states(run: Path) -> dict[str, str]:
    return {e.audit.batch_id: e.state for e in HoldQueue(str(run)).entries()}


def _wait_for(page: "sync_api.Page", words: str) -> None:
    page.wait_for_selector(f"text={words}", timeout=15_000)
    page.wait_for_load_state("load")  # the words are there before the script is, and a key would be lost


def test_listed_opened_and_approved_by_keys_alone(browser: "sync_api.Browser", tmp_path: Path) -> None:
    run = held_run(tmp_path / "run", batches=3)
    with _server(run) as address, _reviewer(browser, address) as at:
        page = at.page
        assert page.locator("[data-row]").count() == 3
        page.keyboard.press("j")
        page.keyboard.press("j")
        second = page.locator("[data-row]").nth(1).locator("[data-open]").get_attribute("href") or ""
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{second}")
        assert "Why it was held" in page.inner_text("main")
        page.keyboard.press("a")
        _wait_for(page, "Approved batch")
        assert _states(run)[second.rsplit("/", 1)[1]] == APPROVED
        page.keyboard.press("u")
        _wait_for(page, "Put back to waiting")
        assert set(_states(run).values()) == {WAITING}
        page.keyboard.press("b")
        page.wait_for_url("**/")
        page.keyboard.press("j")
        page.keyboard.press("a")
        _wait_for(page, "Approved 1 batch.")
        assert sorted(_states(run).values()) == [APPROVED, WAITING, WAITING]
        assert page.evaluate("document.activeElement.matches('[data-row]')")  # ready for the next key
        page.keyboard.press("?")
        page.wait_for_selector("dialog[open]")
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.name") == "text"


def test_a_second_decision_is_refused_with_the_name_of_who_was_first(
    browser: "sync_api.Browser", tmp_path: Path
) -> None:
    run = held_run(tmp_path / "run", batches=1)
    (batch,) = _states(run)
    with (
        _server(run) as address,
        _reviewer(browser, address, "Ada") as ada,
        _reviewer(browser, address, "Grace") as grace,
    ):
        for one in (ada, grace):
            one.follow("[data-open]")
        ada.page.keyboard.press("a")
        _wait_for(ada.page, "Approved batch")
        with grace.page.expect_response(lambda r: r.request.method == "POST") as answer:
            grace.page.fill("textarea[name=reason]", "spam")
            grace.page.keyboard.press("Escape")
            grace.page.keyboard.press("r")
        assert answer.value.status == 409
        _wait_for(grace.page, "Not decided")
        assert "was approved by Ada" in grace.page.inner_text("[role=alert] >> nth=0")
        # The browser's own word on an answer of 409 is no fault of the page.
        grace.wrong = [w for w in grace.wrong if "409 (Conflict)" not in w]
        assert _states(run) == {batch: APPROVED}


def test_several_rejected_with_one_note_and_put_back_by_one_key(
    browser: "sync_api.Browser", tmp_path: Path
) -> None:
    run = held_run(tmp_path / "run", batches=4)
    with _server(run) as address, _reviewer(browser, address) as at:
        page = at.page
        for key in "jxjxr":
            page.keyboard.press(key)
        assert "needs a note" in page.inner_text("[data-hint]")
        assert page.inner_text("[data-selected]") == "Selected: 2"
        page.keyboard.type("boilerplate")
        page.keyboard.press("Enter")
        _wait_for(page, "Rejected 2 batches.")
        assert sorted(_states(run).values()) == [REJECTED] * 2 + [WAITING] * 2
        page.keyboard.press("u")
        _wait_for(page, "Put back to waiting: 2 batches.")
        assert set(_states(run).values()) == {WAITING}


def test_enter_in_the_note_decides_nothing_by_itself(browser: "sync_api.Browser", tmp_path: Path) -> None:
    run = held_run(tmp_path / "run", batches=2)
    for script in (True, False):
        with _server(run) as address, _reviewer(browser, address, script=script) as at:
            at.page.check("[data-row] input[type=checkbox] >> nth=0")
            at.page.fill("input[name=reason]", "not yet")
            at.page.keyboard.press("Enter")
            at.page.wait_for_timeout(300)
    assert set(_states(run).values()) == {WAITING}


def test_everything_works_without_script(browser: "sync_api.Browser", tmp_path: Path) -> None:
    run = held_run(tmp_path / "run", batches=2)
    with _server(run) as address, _reviewer(browser, address, script=False) as at:
        page = at.page
        page.click("[data-open] >> nth=0")
        page.click("[data-open] >> nth=0")
        page.click("button:has-text('Mark for rejection')")
        page.click("nav a:has-text('Batch')")
        page.fill("textarea[name=reason]", "one bad page")
        page.click("button:has-text('Reject marked')")
        _wait_for(page, "Rejected the marked documents")
        rejected = [e for e in HoldQueue(str(run)).entries() if e.state == REJECTED]
        assert len(rejected[0].history[0].documents or []) == 1


@pytest.mark.parametrize(
    ("width", "scheme"), [(1200, "light"), (1200, "dark"), (390, "light"), (390, "dark")]
)
def test_hostile_text_is_harmless_and_no_page_scrolls_sideways(
    browser: "sync_api.Browser", tmp_path: Path, width: int, scheme: str
) -> None:
    run = held_run(
        tmp_path / "run",
        batches=2,
        documents=6,
        texts=_HOSTILE,
        sources=("<b>\u202e" + "source" * 20,),
        url="https://evil.example/" + "path" * 100,
        metadata='{"a": "<script>alert(5)</script>"}',
    )
    first = next(a.batch_id for a in HoldQueue(str(run)).audits if a.held)
    with _server(run) as address, _reviewer(browser, address, width=width, scheme=scheme) as at:
        page = at.page
        batch = f"/runs/{HoldQueue(str(run)).key}/batches/{first}"
        for path in ("/", "/help", batch, *(f"{batch}/documents/{n}" for n in range(len(_HOSTILE)))):
            at.open(path)
            over = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert over <= 0, f"{path} is {over} px too wide"
            assert (
                page.locator("main .text script, main .text form, main .text img, base, iframe").count() == 0
            )
            assert page.locator("a[href^=http]").count() == 0
        at.open(f"{batch}/documents/1")
        assert "{{ 7*7 }}" in page.inner_text(".text")
        at.open(f"{batch}/documents/2")
        assert "\\u202e" in page.inner_text(".text") and "\u202e" not in page.inner_text("body")
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(255, 255, 255)") == (scheme == "light")
    assert set(_states(run).values()) == {WAITING}


def test_one_key_leads_through_the_documents_by_suspicion(
    browser: "sync_api.Browser", tmp_path: Path
) -> None:
    run = held_run(tmp_path / "run", batches=1, documents=5)
    with _server(run) as address, _reviewer(browser, address) as at:
        page = at.page
        at.follow("[data-open] >> nth=0")
        order = [a.get_attribute("href") or "" for a in page.locator("[data-open]").all()]
        at.follow("[data-open] >> nth=0")
        for expected in order[1:]:
            page.keyboard.press("j")
            page.wait_for_url(f"**{expected}")
        page.keyboard.press("x")
        _wait_for(page, "Take the mark away")
        page.keyboard.press("k")
        page.wait_for_url(f"**{order[-2]}")
        assert page.locator(".text span[title]").count() > 20
        assert page.locator(".shares li").count() == 5

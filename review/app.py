"""The review page: its addresses, and what each of them does.

Pages are made on the server and work without script. A change is always a form sent by POST, signed with the
session's secret, that says which decision the reviewer last saw.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from wellspring.pages.batch_charts import past_limits
from wellspring.review.batch_page import (
    DOCUMENTS_PER_PAGE,
    document_rows,
    group_numbers,
    neighbours_of,
    ordered_places,
    score_chart,
    signal_rows,
    time_charts,
    why_held,
)
from wellspring.review.document_page import legend, shown_text, sides
from wellspring.review.forms import (
    Fields,
    address_of,
    clean_name,
    field,
    form,
    own_address,
    places_in,
    remember,
    reviewer_of,
    values,
    whole_number,
)
from wellspring.review.guard import Guard
from wellspring.review.history import APPROVED, BROKEN, REJECTED, STATES, WAITING
from wellspring.review.queue import (
    LONGEST_NAME,
    LONGEST_REASON,
    DecisionError,
    Entry,
    HoldQueue,
    UnknownBatchError,
)
from wellspring.review.queue_page import ANY, SORTS, beyond_limit, queue_page, read_filters, seconds_since
from wellspring.review.rendering import environment, span_words
from wellspring.review.served_runs import ServedRuns
from wellspring.review.sessions import Session, Sessions, Settled
from wellspring.schemas.audit import stratum_words, window_words
from wellspring.schemas.signal_titles import signal_title
from wellspring.transforms.runs.finished_run import RunError

_MOST_BATCHES = 500
_STALE_SECONDS = 60.0


def create_app(runs: ServedRuns, *, token: str, host: str = "127.0.0.1", port: int = 8377) -> Starlette:
    """The page for these runs, as an ASGI application behind its guard.

    Args:
        token: what the first address has to carry.
        host: what the server binds to; requests for another host are refused.
    """
    sessions = Sessions()
    pages = ReviewPages(runs)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        runs.start()
        yield
        await run_in_threadpool(runs.stop)

    batch = "/runs/{run}/batches/{batch}"
    return Starlette(
        routes=[
            Route("/", pages.queue),
            Route("/decide", form(pages.decide_several), methods=["POST"]),
            Route("/name", pages.name),
            Route("/name", form(pages.set_name), methods=["POST"]),
            Route("/help", pages.help),
            Route(batch, pages.batch),
            Route(f"{batch}/decide", form(pages.decide), methods=["POST"]),
            Route(f"{batch}/documents/{{place:int}}", pages.document),
            Route(f"{batch}/documents/{{place:int}}/mark", form(pages.mark), methods=["POST"]),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        ],
        middleware=[
            Middleware(
                Guard,
                sessions=sessions,
                denied=pages.denied,
                token=token,
                host=host,
                cookie=f"wellspring_review_{port}",
            )
        ],
        exception_handlers={
            HTTPException: pages.http_problem,
            UnknownBatchError: pages.unknown_batch,
            RunError: pages.broken,
            OSError: pages.out_of_reach,
        },
        lifespan=lifespan,
    )


class ReviewPages:
    """One method an address."""

    def __init__(self, runs: ServedRuns) -> None:
        self._runs = runs
        self._templates = environment()
        self._templates.globals |= {
            "STATES": STATES,
            "ANY": ANY,
            "WAITING": WAITING,
            "DECIDED": (APPROVED, REJECTED),
            "BROKEN": BROKEN,
            "SORTS": SORTS,
            "LONGEST_REASON": LONGEST_REASON,
            "LONGEST_NAME": LONGEST_NAME,
            "signal_title": signal_title,
            "stratum_words": partial(stratum_words, keys=False),
            "window_words": window_words,
            "beyond_limit": beyond_limit,
            "waiting_for": lambda queue: span_words(seconds_since(queue.manifest.finished)),
            "batch_address": batch_address,
            "document_address": document_address,
        }

    # what is looked at

    def queue(self, request: Request) -> Response:
        filters = read_filters(request.query_params)
        held = self._runs.held()
        page = queue_page(held, filters)
        strips = past_limits([entry.audit for _, entry in page.rows])
        rows = list(zip(page.rows, self._runs.problems(page.rows), strips, strict=True))
        return self._page(
            request,
            "queue.html",
            filters=filters,
            held=held,
            queue=page,
            rows=rows,
            queues=self._runs.queues,
            oldest=span_words(seconds_since(held.oldest)) if held.oldest else None,
        )

    def batch(self, request: Request) -> Response:
        queue, entry = self._find(request)
        return self._batch_page(request, queue, entry)

    def _batch_page(
        self, request: Request, queue: HoldQueue, entry: Entry, *, refusal: str = "", reason: str = ""
    ) -> Response:
        audit, session = entry.audit, _session(request)
        ticket = queue.ticket(audit.batch_id)
        batch = self._runs.batch(queue, audit.batch_id)
        around = neighbours_of(audit, self._runs.neighbours[queue.key][audit.stratum])
        groups = group_numbers(batch)
        order = "groups" if request.query_params.get("order") == "groups" else "suspicion"
        places = ordered_places(batch, groups, order)
        pages = max(1, -(-len(places) // DOCUMENTS_PER_PAGE))
        page = min(max(1, whole_number(request.query_params.get("page", "1"))), pages)
        marks = session.marks(queue.key, audit.batch_id)
        shown = places[DOCUMENTS_PER_PAGE * (page - 1) : DOCUMENTS_PER_PAGE * page]
        chart, undecided = score_chart(batch)
        return self._page(
            request,
            "batch.html",
            status=409 if refusal else 200,
            queue=queue,
            entry=entry,
            audit=audit,
            ticket=ticket,
            why=why_held(audit, around.audits),
            signals=signal_rows(audit, around.audits),
            charts=time_charts(audit, around.audits),
            around=around,
            others=sum(not other.held for other in around.audits),
            score_chart=chart,
            undecided=undecided,
            groups=groups,
            rows=document_rows(batch, shown, groups, marks),
            marks=marks,
            order=order,
            page=page,
            pages_count=pages,
            first=DOCUMENTS_PER_PAGE * (page - 1) + 1,
            next_waiting=self._next_waiting(queue, audit.batch_id),
            refusal=refusal,
            reason=reason,
        )

    def _next_waiting(self, queue: HoldQueue, batch_id: str) -> str | None:
        """The waiting batch furthest beyond its limit, other than this one."""
        for run, entry in self._runs.held().by("margin"):
            if entry.state == WAITING and (run is not queue or entry.audit.batch_id != batch_id):
                return batch_address(run, entry.audit.batch_id)
        return None

    def document(self, request: Request) -> Response:
        queue, entry = self._find(request)
        batch_id, place = entry.audit.batch_id, request.path_params["place"]
        batch = self._runs.batch(queue, batch_id)
        if place >= len(batch.documents):
            raise HTTPException(404, "The batch has no such document.")
        document = batch.documents[place]
        groups = group_numbers(batch)
        order = "groups" if request.query_params.get("order") == "groups" else "suspicion"
        places = ordered_places(batch, groups, order)
        before, after = sides(places, place)
        group = (groups or {}).get(place)
        alike = [p for p in places if groups and groups.get(p) == group and p != place] if group else []
        return self._page(
            request,
            "document.html",
            queue=queue,
            entry=entry,
            audit=entry.audit,
            document=document,
            place=place,
            text=shown_text(document, whole_number(request.query_params.get("from", "0"))),
            legend=legend(document, batch.levels),
            rank=places.index(place) + 1,
            documents=len(places),
            before=before,
            after=after,
            alike=alike[:20],
            alike_more=max(0, len(alike) - 20),
            ids=[batch.documents[p].id for p in alike[:20]],
            order=order,
            marks=_session(request).marks(queue.key, batch_id),
            language=document.language if _is_language(document.language) else None,
        )

    def name(self, request: Request) -> Response:
        return self._page(request, "name.html", to=own_address(request.query_params.get("to", "/")))

    def help(self, request: Request) -> Response:
        return self._page(request, "help.html")

    # what changes something

    def decide(self, request: Request, fields: Fields) -> Response:
        """Decides on one batch: as a whole, or on the documents that are marked."""
        queue, entry = self._find(request)
        batch_id, session = entry.audit.batch_id, _session(request)
        marks = session.marks(queue.key, batch_id)
        if shown := set(places_in(fields, "shown")):
            marks -= shown - set(places_in(fields, "document"))
            marks |= shown & set(places_in(fields, "document"))
        address = batch_address(queue, batch_id)
        action, reason = field(fields, "action"), field(fields, "reason").replace("\r\n", "\n")
        if action == "mark":
            session.notice = (
                f"{_count(len(marks), 'document')} marked for rejection; nothing was decided yet."
            )
            return RedirectResponse(f"{address}#documents", status_code=303)
        by = reviewer_of(request) or clean_name(field(fields, "by"))
        if not by:
            return _ask_for_name(session, address)
        if action == "approve" and marks:
            words = (
                f"{_count(len(marks), 'document')} marked for rejection; this would approve the whole batch. "
                "Reject the marked ones, or take the marks away first"
            )
            return self._batch_page(request, queue, entry, refusal=words, reason=reason)
        documents = None
        if action == "reject-marked":
            rows = self._runs.batch(queue, batch_id).documents
            documents = [rows[place].id for place in sorted(marks) if place < len(rows)]
        try:
            number = _act(queue, batch_id, action, by, reason, whole_number(field(fields, "seen")), documents)
        except DecisionError as error:
            entry = queue.refresh_one(batch_id)
            return self._batch_page(request, queue, entry, refusal=str(error), reason=reason)
        session.clear_marks(queue.key, batch_id)
        session.notice = f"{_done(action)} batch {batch_id[:8]}."
        if action != "undo":
            session.just_settled = [Settled(queue.key, batch_id, number)]
        return remember(RedirectResponse(address, status_code=303), by)

    def decide_several(self, request: Request, fields: Fields) -> Response:
        """Decides on batches of the queue; a refused one doesn't keep the others from being decided."""
        session, to = _session(request), own_address(field(fields, "to"))
        action, reason = field(fields, "action"), field(fields, "reason").replace("\r\n", "\n")
        chosen = values(fields, "batch")
        if not chosen:
            session.notice = "No batch was selected, so nothing was decided."
            return RedirectResponse(to, status_code=303)
        if len(chosen) > _MOST_BATCHES:
            raise HTTPException(400, f"At most {_MOST_BATCHES} batches can be decided at once.")
        by = reviewer_of(request) or clean_name(field(fields, "by"))
        if not by:
            return _ask_for_name(session, to)
        done: list[Settled] = []
        refused: list[tuple[str, str]] = []
        for queue, batch_id, seen in [self._chosen(value) for value in chosen]:
            try:
                number = _act(queue, batch_id, action, by, reason, seen, None)
            except DecisionError as error:
                refused.append((batch_address(queue, batch_id), str(error)))
            else:
                done.append(Settled(queue.key, batch_id, number))
        session.notice = f"{_done(action)} {_count(len(done), 'batch', 'batches')}." if done else ""
        session.just_settled = done if action != "undo" else []
        if refused:
            return remember(self._page(request, "refused.html", status=409, refused=refused, to=to), by)
        return remember(RedirectResponse(to, status_code=303), by)

    def _chosen(self, value: str) -> tuple[HoldQueue, str, int]:
        """A batch of the queue's form: its run, its id, the number of the last decision that was shown."""
        run, batch_id, seen = ([*value.split(":"), "", ""])[:3]
        queue = self._runs.queues.get(run)
        if queue is None:
            raise HTTPException(404, "There is no such run here.")
        return queue, queue.entry(batch_id).audit.batch_id, whole_number(seen)

    def mark(self, request: Request, fields: Fields) -> Response:
        """Marks a document for rejection, or takes the mark away; nothing is decided."""
        queue, entry = self._find(request)
        batch_id, place = entry.audit.batch_id, request.path_params["place"]
        if place >= entry.audit.documents:
            raise HTTPException(404, "The batch has no such document.")
        marks = _session(request).marks(queue.key, batch_id)
        if field(fields, "marked") == "1":
            marks.add(place)
        else:
            marks.discard(place)
        order = "groups" if field(fields, "order") == "groups" else "suspicion"
        return RedirectResponse(document_address(queue, batch_id, place, order), status_code=303)

    def set_name(self, request: Request, fields: Fields) -> Response:
        by = clean_name(field(fields, "name"))
        if not by:
            raise HTTPException(400, f"A name has 1 to {LONGEST_NAME} characters, all of them visible.")
        return remember(RedirectResponse(own_address(field(fields, "to")), status_code=303), by)

    # what goes wrong

    def denied(self) -> Response:
        """For a browser without a session."""
        return HTMLResponse(self._templates.get_template("denied.html").render(), status_code=401)

    def http_problem(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return self._problem(request, error.status_code, error.detail)

    def unknown_batch(self, request: Request, _: Exception) -> Response:
        return self._problem(request, 404, "No held batch of that id is in this run.")

    def broken(self, request: Request, error: Exception) -> Response:
        words = (
            "This batch is broken: its files are not those that the run wrote. Nothing can be decided on it."
        )
        return self._problem(request, 422, words, str(error))

    def out_of_reach(self, request: Request, error: Exception) -> Response:
        return self._problem(request, 503, "The run can't be read just now; nothing was done.", str(error))

    def _problem(self, request: Request, status: int, words: str, detail: str = "") -> Response:
        if "session" not in request.scope:
            return Response(words, status_code=status, media_type="text/plain")
        return self._page(request, "problem.html", status=status, words=words, detail=detail)

    # the rest

    def _find(self, request: Request) -> tuple[HoldQueue, Entry]:
        queue = self._runs.queues.get(request.path_params["run"])
        if queue is None:
            raise HTTPException(404, "There is no such run here.")
        return queue, queue.entry(request.path_params["batch"])

    def _page(self, request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
        session = _session(request)
        notice, settled = session.take_notice()
        age = max(0.0, time.time() - self._runs.refreshed)
        content = self._templates.get_template(template).render(
            csrf=session.csrf,
            reviewer=reviewer_of(request),
            here=address_of(request),
            notice=notice,
            just_settled=settled,
            several_runs=len(self._runs.queues) > 1,
            fresh=span_words(age),
            stale=age > _STALE_SECONDS or bool(self._runs.problem),
            fresh_problem=self._runs.problem,
            **values,
        )
        return HTMLResponse(content, status_code=status)


def _act(
    queue: HoldQueue,
    batch_id: str,
    action: str,
    by: str,
    reason: str,
    seen: int,
    documents: Sequence[str] | None,
) -> int:
    """Takes one decision and returns its number."""
    if action == "approve":
        return queue.approve(batch_id, by=by, reason=reason, seen=seen).number
    if action == "reject" or (action == "reject-marked" and documents is not None):
        return queue.reject(batch_id, by=by, reason=reason, documents=documents, seen=seen).number
    if action == "undo":
        return queue.undo(batch_id, by=by, reason=reason, seen=seen).number
    raise HTTPException(400, "The form names no decision.")


def _done(action: str) -> str:
    return {
        "approve": "Approved",
        "reject": "Rejected",
        "reject-marked": "Rejected the marked documents of, and approved the others of,",
        "undo": "Put back to waiting:",
    }[action]


def _count(count: int, one: str, several: str = "") -> str:
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"


def _session(request: Request) -> Session:
    session: Session = request.scope["session"]
    return session


def _ask_for_name(session: Session, to: str) -> Response:
    session.notice = "A decision is signed: say who you are first. Nothing was decided yet."
    return RedirectResponse(f"/name?to={quote(to, safe='')}", status_code=303)


def batch_address(queue: HoldQueue, batch_id: str) -> str:
    """A held batch's page; run and batch are named by our own hashes."""
    return f"/runs/{queue.key}/batches/{batch_id}"


def document_address(queue: HoldQueue, batch_id: str, place: int, order: str = "suspicion") -> str:
    """A document's page: it is named by its place in the order of ids."""
    suffix = "?order=groups" if order == "groups" else ""
    return f"{batch_address(queue, batch_id)}/documents/{place}{suffix}"


def _is_language(value: str | None) -> bool:
    return value is not None and value.isascii() and value.isalpha() and 2 <= len(value) <= 3

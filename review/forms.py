"""Forms and what a browser sends with them: bounded, signed, and read as what they may be."""

import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, quote, unquote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from wellspring.review.queue import LONGEST_NAME
from wellspring.review.sessions import Session
from wellspring.signals.text.visible_text import visible_text

MOST_BYTES = 1 << 20
"""Of a form."""
_MOST_FIELDS = 10_000
_NAME_COOKIE = "wellspring_reviewer"
_YEAR = 365 * 24 * 3600

Fields = list[tuple[str, str]]


def form(act: Callable[[Request, Fields], Response]) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that takes a form: bounded, and signed with the session's secret."""

    async def endpoint(request: Request) -> Response:
        content = bytearray()
        async for chunk in request.stream():
            content += chunk
            if len(content) > MOST_BYTES:
                raise HTTPException(413, "The form is larger than this page ever sends.")
        try:
            fields = parse_qsl(
                content.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
            )
        except ValueError as error:
            raise HTTPException(400, "The form can't be read.") from error
        session: Session = request.scope["session"]
        if not secrets.compare_digest(field(fields, "csrf").encode(), session.csrf.encode()):
            raise HTTPException(403, "This form is not from this session; nothing was done. Reload the page.")
        return await run_in_threadpool(act, request, fields)

    return endpoint


def field(fields: Fields, name: str) -> str:
    """The first value of that name; empty without one."""
    return next((value for key, value in fields if key == name), "")


def values(fields: Fields, name: str) -> list[str]:
    """All values of that name."""
    return [value for key, value in fields if key == name]


def reviewer_of(request: Request) -> str:
    """The name that this browser keeps; empty where it keeps none."""
    return clean_name(unquote(request.cookies.get(_NAME_COOKIE, "")))


def clean_name(value: str) -> str:
    """A name that a decision can be signed with; empty where it is none."""
    name = " ".join(value.split())
    return name if len(name) <= LONGEST_NAME and visible_text(name) == name else ""


def remember(answer: Response, by: str) -> Response:
    """Keeps the reviewer's name in the browser for a year."""
    answer.set_cookie(_NAME_COOKIE, quote(by), max_age=_YEAR, httponly=True, samesite="strict", path="/")
    return answer


def own_address(value: str) -> str:
    """An address of this page to go on to; anything else is the queue."""
    own = value.startswith("/") and not value.startswith("//") and "\\" not in value
    return value if own and value.isprintable() and value.isascii() else "/"


def address_of(request: Request) -> str:
    """The address of the page that is being made, to come back to; a form's own address is none."""
    if request.method != "GET":
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def whole_number(value: str) -> int:
    """A number of at most nine digits; 0 for anything else."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0


def places_in(fields: Fields, name: str) -> list[int]:
    """Places of documents; what is no number is left out."""
    return [int(v) for v in values(fields, name) if v.isascii() and v.isdigit() and len(v) < 10]

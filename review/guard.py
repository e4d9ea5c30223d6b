"""What stands before every page: the host, the token, the session, the origin of forms, the headers.

A page of web text on a reviewer's machine has three kinds of strangers: other web sites in the same browser
(cross-site requests, DNS rebinding), other people on the network, and the text itself.
"""

import ipaddress
import secrets
import socket
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wellspring.review.sessions import Sessions

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Nothing leaves for another site, and our own forms keep the Origin that is checked here; with
    # no-referrer browsers send "Origin: null".
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
}
_STATIC = "/static/"
_WILDCARDS = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - recognised here, bound to only where asked for


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that binds to `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def allowed_hosts(host: str) -> frozenset[str]:
    """Names by which a browser may ask for a server bound to `host`.

    A site that points its own name at this machine (DNS rebinding) sends that name. On a wildcard address
    this machine's own names are allowed; addresses in figures always are where it listens to the network.
    """
    names = {"localhost", "127.0.0.1", "::1"}
    if host in _WILDCARDS:
        names |= {socket.gethostname().lower(), socket.getfqdn().lower()}
    else:
        names |= {host.lower()}
    return frozenset(names)


class Guard:
    """Lets a request through to `app` only where it comes from a reviewer's own browser.

    Args:
        app: finds the reviewer's session in `scope["session"]`.
        denied: makes the page for a browser without a session.
        token: what the first address has to carry.
        host: what the server binds to.
        cookie: name of the session's cookie; cookies are shared by all ports of a host, so it says which.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        sessions: Sessions,
        denied: Callable[[], Response],
        token: str,
        host: str,
        cookie: str,
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._denied = denied
        self._token = token.encode()
        self._hosts = allowed_hosts(host)
        self._any_address = host in _WILDCARDS
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        answer = self._answer(scope)
        await (answer or self._app)(scope, receive, send_with_headers)

    def _answer(self, scope: Scope) -> Callable[[Scope, Receive, Send], Awaitable[None]] | None:
        """What is sent in place of the page; None where the page may be shown."""
        headers = Headers(scope=scope)
        if not self._known_host(headers.get("host", "")):
            return PlainTextResponse("This address is not the review page's own.", status_code=421)
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("Only GET and POST are known here.", status_code=405)
        if scope["path"].startswith(_STATIC):
            return None
        if scope["method"] == "POST" and not _same_origin(headers):
            return PlainTextResponse("This form was sent from another site; nothing was done.", 403)
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if scope["method"] == "GET" and "token" in query:
            return self._exchange(scope["path"], query)
        session = self._sessions.find(_cookies(headers).get(self._cookie, ""))
        if session is None:
            return self._denied()
        scope["session"] = session
        return None

    def _known_host(self, value: str) -> bool:
        try:
            name = (urlsplit(f"//{value}").hostname or "").lower()
        except ValueError:
            return False
        if self._any_address and _is_address(name):
            return True
        return name in self._hosts

    def _exchange(self, path: str, query: dict[str, list[str]]) -> Response:
        """The token for a cookie, and the same address without it."""
        if not secrets.compare_digest(query.pop("token")[-1].encode(), self._token):
            return self._denied()
        rest = urlencode(query, doseq=True)
        # The path stays on this host whatever it begins with: "//other.example" would not.
        answer = RedirectResponse(f"/{path.lstrip('/')}{f'?{rest}' if rest else ''}", status_code=303)
        answer.set_cookie(self._cookie, self._sessions.start(), httponly=True, samesite="strict", path="/")
        return answer


def _same_origin(headers: Headers) -> bool:
    """Whether a form was sent from our own page, by what the browser says of it.

    A program that sends neither header is let on to the form's own token.
    """
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _cookies(headers: Headers) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(headers.get("cookie", "")).items()}
    except CookieError:
        return {}

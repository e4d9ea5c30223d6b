"""A reviewer without a browser: the page's forms as a browser without script would send them."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from httpx import Response
from starlette.testclient import TestClient

from wellspring.review.app import create_app
from wellspring.review.served_runs import ServedRuns

TOKEN = "a-token-for-the-tests"
HOST = "http://127.0.0.1:8377"


@contextmanager
def page_client(*runs: Path, refresh_seconds: float = 3600.0) -> Iterator[TestClient]:
    """A client of the page for these runs, without a session."""
    served = ServedRuns([str(run) for run in runs], refresh_seconds=refresh_seconds)
    app = create_app(served, token=TOKEN)
    with TestClient(app, base_url=HOST, follow_redirects=False) as client:
        yield client


@contextmanager
def reviewer(*runs: Path, name: str = "Ada") -> Iterator[TestClient]:
    """A client with a session and a name, that follows redirects."""
    with page_client(*runs) as client:
        client.follow_redirects = True
        client.get(f"/?token={TOKEN}")
        answer = submit(client, client.get("/name"), "/name", name=name)
        assert answer.status_code == 200
        yield client


def secret_of(page: Response) -> str:
    """The secret that the forms of a page are signed with."""
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def submit(client: TestClient, page: Response, address: str, **fields: str | list[str]) -> Response:
    """Sends a form as the page's own: with its secret."""
    return client.post(address, data={"csrf": secret_of(page), **fields}, headers={"Origin": HOST})


def links(page: Response, part: str) -> list[str]:
    """The addresses that a page leads to and that contain `part`."""
    return [html.unescape(a) for a in re.findall(r'href="([^"]+)"', page.text) if part in a]


def boxes(page: Response, name: str) -> list[str]:
    """The values of the checkboxes of that name that can be set."""
    tags = re.findall(rf'<input type="checkbox"[^>]*name="{name}"[^>]*>', page.text)
    return [re.search(r'value="([^"]*)"', tag)[1] for tag in tags if "disabled" not in tag]  # type: ignore[index]

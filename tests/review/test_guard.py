from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.review.held_run import held_run
from tests.review.page_client import HOST, TOKEN, page_client, secret_of
from wellspring.review.guard import HEADERS, allowed_hosts, is_loopback


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return held_run(tmp_path_factory.mktemp("guard") / "run", batches=2)


def _with_session(client: TestClient) -> TestClient:
    assert client.get(f"/?token={TOKEN}").status_code == 303
    return client


def test_every_answer_forbids_script_and_content_from_elsewhere(run: Path) -> None:
    with page_client(run) as client:
        denied = client.get("/")
        _with_session(client)
        answers = [denied, *(client.get(a) for a in ("/", "/name", "/nowhere", "/static/review.js"))]
        answers += [client.get("/", headers={"Host": "evil.example"}), client.post("/decide")]
    assert [a.status_code for a in answers] == [401, 200, 200, 404, 200, 421, 403]
    for answer in answers:
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    policy = HEADERS["Content-Security-Policy"]
    for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'self'"):
        assert part in policy
    assert "unsafe" not in policy and "http" not in policy


def test_pages_hold_no_inline_script_or_style_and_nothing_from_elsewhere(run: Path) -> None:
    with page_client(run) as client:
        _with_session(client)
        queue = client.get("/").text
        for page in (queue, client.get("/help").text):
            assert "<script>" not in page and "<style" not in page
            assert " style=" not in page and "javascript:" not in page and " onclick" not in page
            assert "http://" not in page and "https://" not in page


def test_the_token_is_changed_for_a_cookie_and_leaves_the_address(run: Path) -> None:
    with page_client(run) as client:
        answer = client.get(f"/?state=any&token={TOKEN}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/?state=any")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=strict" in cookie and TOKEN not in cookie
        assert "wellspring_review_8377=" in cookie
        assert client.get("/?state=any").status_code == 200


@pytest.mark.parametrize("query", ["", "?token=", "?token=wrong", "?token=%C3%A9", f"?token={TOKEN}x"])
def test_without_the_token_nothing_is_shown(run: Path, query: str) -> None:
    with page_client(run) as client:
        answer = client.get(f"/{query}")
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        assert "web-archive" not in answer.text


def test_a_made_up_cookie_is_no_session(run: Path) -> None:
    with page_client(run) as client:
        client.cookies.set("wellspring_review_8377", "guessed")
        assert client.get("/").status_code == 401


def test_the_token_leads_to_no_other_site(run: Path) -> None:
    with page_client(run) as client:
        answer = client.get(f"{HOST}//evil.example/?token={TOKEN}")
        assert answer.headers["location"] == "/evil.example/"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8377", 200),
        ("localhost:9000", 200),  # an SSH tunnel from another port
        ("[::1]:8377", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example:8377", 421),
        ("127.0.0.1@evil.example", 421),
        ("192.168.1.9:8377", 421),
        ("[", 421),
        ("", 421),
    ],
)
def test_only_this_machine_s_own_names_are_answered(run: Path, host: str, status: int) -> None:
    with page_client(run) as client:
        _with_session(client)
        assert client.get("/", headers={"Host": host}).status_code == status


def test_which_hosts_may_be_asked_for() -> None:
    assert "review.internal" in allowed_hosts("review.internal")
    assert "review.internal" not in allowed_hosts("127.0.0.1")
    assert [is_loopback(h) for h in ("127.0.0.1", "127.8.8.8", "::1", "localhost")] == [True] * 4
    assert [is_loopback(h) for h in ("0.0.0.0", "::", "10.0.0.5", "localhost.evil.example")] == [False] * 4


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8378"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": HOST},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_a_form_of_another_site_changes_nothing(run: Path, headers: dict[str, str]) -> None:
    with page_client(run) as client:
        secret = secret_of(_with_session(client).get("/name"))
        fields = {"csrf": secret, "name": "Eve"}
        assert client.post("/name", data=fields, headers=headers).status_code == 403
        assert client.post("/name", data=fields, headers={"Origin": HOST}).status_code == 303


@pytest.mark.parametrize("secret", ["", "wrong", "é"])
def test_a_form_without_the_session_s_secret_changes_nothing(run: Path, secret: str) -> None:
    with page_client(run) as client:
        _with_session(client)
        answer = client.post("/name", data={"csrf": secret, "name": "Eve"}, headers={"Origin": HOST})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_the_secret_of_one_session_is_not_that_of_another(run: Path) -> None:
    with page_client(run) as client:
        other = secret_of(_with_session(client).get("/name"))
        client.cookies.clear()
        _with_session(client)
        assert client.post("/name", data={"csrf": other, "name": "Eve"}).status_code == 403


def test_changes_go_by_post_alone_and_other_methods_are_unknown(run: Path) -> None:
    with page_client(run) as client:
        _with_session(client)
        assert client.get("/decide").status_code == 405
        assert client.put("/name").status_code == 405
        assert client.request("OPTIONS", "/").status_code == 405


def test_a_form_past_a_mebibyte_is_refused(run: Path) -> None:
    with page_client(run) as client:
        _with_session(client)
        content = b"csrf=" + b"a" * (1 << 20)
        assert client.post("/name", content=content, headers={"Origin": HOST}).status_code == 413
        assert client.post("/name", content=b"\xff\xfe", headers={"Origin": HOST}).status_code == 400
        assert client.post("/name", content=b"&a=1" * 20_000, headers={"Origin": HOST}).status_code == 400


@pytest.mark.parametrize("path", ["../app.py", "..%2Fapp.py", "%2e%2e/server.py", "/etc/passwd"])
def test_static_files_are_the_page_s_own(run: Path, path: str) -> None:
    with page_client(run) as client:
        assert client.get(f"/static/{path}").status_code in (401, 404)

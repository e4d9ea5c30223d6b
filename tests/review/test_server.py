from pathlib import Path
from typing import Any

import pytest
import uvicorn

from tests.review.held_run import held_run
from wellspring.review.server import serve
from wellspring.transforms.runs.finished_run import RunError


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What uvicorn was asked to run, in place of running it."""
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(uvicorn, "run", lambda app, **settings: asked.append(settings))
    return asked


def test_prints_an_address_with_a_token_of_its_own(
    tmp_path: Path, served: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    run = str(held_run(tmp_path / "run"))
    serve([run], "127.0.0.1", 8377, None)
    serve([run], "::1", 8378, None)
    serve([run], "127.0.0.1", 8379, "a token/of one's own?")
    said = capsys.readouterr().out
    addresses = [line.strip() for line in said.splitlines() if "token=" in line]
    tokens = [address.split("token=")[1] for address in addresses]
    assert addresses[0].startswith("http://127.0.0.1:8377/?") and len(tokens[0]) >= 32
    assert addresses[1].startswith("http://[::1]:8378/?") and tokens[1] != tokens[0]
    assert tokens[2] == "a%20token%2Fof%20one%27s%20own%3F"
    assert "3 held batches" in said and "WARNING" not in said
    assert [(s["host"], s["port"]) for s in served[:2]] == [("127.0.0.1", 8377), ("::1", 8378)]
    assert all(s["server_header"] is False and s["proxy_headers"] is False for s in served)


def test_warns_where_other_machines_can_reach_it(
    tmp_path: Path, served: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    serve([str(held_run(tmp_path / "run"))], "0.0.0.0", 8377, None)
    assert "WARNING: 0.0.0.0 can be reached from other machines" in capsys.readouterr().out
    assert len(served) == 1


def test_refuses_a_short_token_and_a_folder_that_is_no_run(
    tmp_path: Path, served: list[dict[str, Any]]
) -> None:
    run = str(held_run(tmp_path / "run"))
    with pytest.raises(ValueError, match="at least 16"):
        serve([run], "127.0.0.1", 8377, "short")
    with pytest.raises(RunError, match="not a finished run"):
        serve([run, str(tmp_path)], "127.0.0.1", 8377, None)
    assert served == []

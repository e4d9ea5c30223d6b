"""`wellspring review serve`: the page on a port of this machine."""

import secrets
from collections.abc import Sequence
from urllib.parse import quote

import uvicorn

from wellspring.review.app import create_app
from wellspring.review.guard import is_loopback
from wellspring.review.served_runs import ServedRuns

_SHORTEST_TOKEN = 16


def serve(runs: Sequence[str], host: str, port: int, token: str | None) -> None:
    """Serves the review page of these runs until it is interrupted.

    Prints the address to open. It carries the token, without which nothing is shown: the given one, or one
    made up now.

    Raises:
        RunError: a folder is no finished run. ValueError: the token is shorter than 16 characters.
    """
    if token is not None and len(token) < _SHORTEST_TOKEN:
        raise ValueError(f"--token has {len(token)} characters; give at least {_SHORTEST_TOKEN}, or none")
    token = token or secrets.token_urlsafe(24)
    served = ServedRuns(runs)
    app = create_app(served, token=token, host=host, port=port)
    shown = f"[{host}]" if ":" in host else host
    held = sum(len(queue.entries()) for queue in served.queues.values())
    print(f"{held:,} held batches of {len(served.queues):,} runs; stop with Ctrl-C. Open")
    print(f"  http://{shown}:{port}/?token={quote(token, safe='')}", flush=True)
    if not is_loopback(host):
        print(
            f"WARNING: {host} can be reached from other machines, and the page speaks plain HTTP: whoever "
            "reads the network reads the token and can decide. Prefer the default and an SSH tunnel.",
            flush=True,
        )
    uvicorn.run(app, host=host, port=port, log_level="warning", server_header=False, proxy_headers=False)

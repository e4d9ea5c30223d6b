"""`wellspring review`: what waits in the hold queue and why, and deciding on it; a page or the terminal."""

import argparse
import sys
from collections.abc import Callable, Sequence

from wellspring.pipelines.command.actions import chosen_action
from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.columns import columns
from wellspring.pipelines.flags.review import ACTIONS
from wellspring.review.history import WAITING
from wellspring.review.queue import DecisionError, Entry, HoldQueue, UnknownBatchError
from wellspring.schemas.audit import NO_DATE, SIGNALS, Audit
from wellspring.schemas.decision import Decision
from wellspring.schemas.document import HeldDocument
from wellspring.signals.text.visible_text import visible_text
from wellspring.transforms.runs.finished_run import RunError

_SHORTEST_PREFIX = 6
_SHOWN_DOCUMENTS = 5
_SHOWN_CHARACTERS = 300


def run(argv: Sequence[str] | None = None) -> int:
    """Runs one action; exit code 1 where a decision is refused or a batch is broken."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    action = chosen_action("review", ACTIONS, arguments)
    if action is None:
        return 0
    jobs: dict[str, Callable[[argparse.Namespace], int]] = {
        "list": _list,
        "show": _show,
        "approve": _approve,
        "reject": _reject,
        "undo": _undo,
        "serve": _serve,
    }
    flags = ACTIONS[action].parser().parse_args(arguments[1:])
    try:
        return jobs[action](flags)
    except UnknownBatchError as error:
        raise UsageError(f"wellspring review {action}: no held batch {error.args[0]!r}") from error
    except (DecisionError, RunError, OSError) as error:
        print(f"wellspring review {action}: {error}", file=sys.stderr)
        return 1


def _list(arguments: argparse.Namespace) -> int:
    entries = [(queue, entry) for queue in _open_all(arguments.run) for entry in queue.entries()]
    chosen = [
        (queue, entry)
        for queue, entry in entries
        if arguments.state in ("any", entry.state)
        and arguments.source in (None, entry.audit.source)
        and arguments.signal in (None, entry.audit.signal)
    ]
    waiting = sum(entry.state == WAITING for _, entry in entries)
    if chosen:
        print(columns(_HEADERS, [_row(queue, entry) for queue, entry in chosen[: arguments.limit]]))
    if len(chosen) > arguments.limit:
        print(f"... and {len(chosen) - arguments.limit:,} more: --limit={len(chosen)} lists them")
    print(f"{len(entries):,} batches held, {waiting:,} waiting for a decision")
    return 0


_HEADERS = ("batch", "crawled", "source", "signal", "value", "limit", "documents", "state", "run")


def _row(queue: HoldQueue, entry: Entry) -> tuple[str, ...]:
    audit = entry.audit
    return (
        audit.batch_id,
        audit.window_start or NO_DATE,
        visible_text(audit.source or "", 30),
        audit.signal,
        f"{audit.value:.3f}",
        f"{audit.limit:.3f}",
        f"{audit.documents:,}",
        entry.state,
        queue.folder,
    )


def _show(arguments: argparse.Namespace) -> int:
    queue = _open(arguments.run)
    batch_id = _batch(queue, arguments.batch)
    documents = queue.documents(batch_id)
    if arguments.document is not None:
        found = [d for d in documents if d.id == arguments.document]
        if not found:
            raise UsageError(f"--document: batch {batch_id} has no document {arguments.document!r}")
        print(_document(found[0], None))
        return 0
    ticket, entry = queue.ticket(batch_id), queue.entry(batch_id)
    audit = ticket.audit
    print(f"batch {batch_id}, {entry.state}")
    print(f"  {visible_text(audit.stratum, 200)}, crawled {audit.window_start or '(undated)'}")
    print(f"  held because {ticket.why}")
    print(f"  would have passed with {ticket.would_pass}")
    print(f"  {audit.documents:,} documents: " + ", ".join(f"{n:,} {x}" for x, n in ticket.labels.items()))
    print("\n" + columns(("signal", "value", "95% interval"), [_signal(name, audit) for name in SIGNALS]))
    for decision in entry.history:
        print(f"  {_decided(decision)}")
    print(f"\nthe most suspicious of its documents (of {len(documents):,}; --document=ID shows one whole):")
    ordered = sorted(documents, key=lambda d: (-(d.probability or 0.0), d.id))
    print("\n\n".join(_document(d, _SHOWN_CHARACTERS) for d in ordered[:_SHOWN_DOCUMENTS]))
    return 0


def _signal(name: str, audit: Audit) -> tuple[str, str, str]:
    value, low, high = (getattr(audit, f"{name}{end}") for end in ("", "_low", "_high"))
    interval = f"{low:.4g} to {high:.4g}" if low is not None and high is not None else ""
    return name, "undefined" if value is None else f"{value:.4g}", interval


def _document(document: HeldDocument, characters: int | None) -> str:
    probability = "none" if document.probability is None else f"{document.probability:.3f}"
    lines = [
        f"  {visible_text(document.id, 200)}  {document.provenance}, {document.verdict}, "
        f"probability {probability}",
        *(f"    {visible_text(reason, 300)}" for reason in document.reasons),
    ]
    paragraphs = document.text if characters is None else " ".join(document.text.split())
    lines += [f"    | {visible_text(line, characters)}" for line in paragraphs.split("\n")]
    return "\n".join(lines)


def _decided(decision: Decision) -> str:
    what = decision.decision
    if decision.documents is not None:
        what += f" of {len(decision.documents):,} documents"
    reason = f": {visible_text(decision.reason, 300)}" if decision.reason else ""
    return f"{decision.number}. {what} by {visible_text(decision.by)} at {visible_text(decision.at)}{reason}"


def _approve(arguments: argparse.Namespace) -> int:
    return _decide(
        arguments.run, arguments.batch, lambda q, b: q.approve(b, by=arguments.by, reason=arguments.reason)
    )


def _reject(arguments: argparse.Namespace) -> int:
    if arguments.document and "," in arguments.batch:
        raise UsageError("wellspring review reject: --document goes with one --batch")
    return _decide(
        arguments.run,
        arguments.batch,
        lambda q, b: q.reject(b, by=arguments.by, reason=arguments.reason, documents=arguments.document),
    )


def _undo(arguments: argparse.Namespace) -> int:
    return _decide(
        arguments.run, arguments.batch, lambda q, b: q.undo(b, by=arguments.by, reason=arguments.reason)
    )


def _decide(run: str, batches: str, decide: Callable[[HoldQueue, str], Decision]) -> int:
    """Decides on each batch; a refused one doesn't keep the others from being decided."""
    queue = _open(run)
    refused = 0
    for batch_id in [_batch(queue, name) for name in batches.split(",")]:
        try:
            print(f"batch {batch_id}: {_decided(decide(queue, batch_id))}")
        except DecisionError as error:
            refused += 1
            print(f"wellspring review: {error}", file=sys.stderr)
    return 1 if refused else 0


def _serve(arguments: argparse.Namespace) -> int:
    from wellspring.review.server import serve

    try:
        serve(arguments.run.split(","), arguments.host, arguments.port, arguments.token)
    except ValueError as error:
        raise UsageError(f"wellspring review serve: {error}") from error
    return 0


def _open(folder: str) -> HoldQueue:
    try:
        return HoldQueue(folder)
    except RunError as error:
        raise UsageError(f"--run: {error}") from error


def _open_all(folders: str) -> list[HoldQueue]:
    return [_open(folder) for folder in folders.split(",")]


def _batch(queue: HoldQueue, name: str) -> str:
    """The one held batch whose id begins so."""
    found = [e.audit.batch_id for e in queue.entries() if e.audit.batch_id.startswith(name)]
    if len(found) > 1 or (found and len(name) < _SHORTEST_PREFIX):
        raise UsageError(f"--batch={name} names {len(found)} held batches: give more of its digits")
    if not found:
        raise UsageError(f"--batch: {queue.folder} holds no batch {name!r}")
    return found[0]


if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["review", *sys.argv[1:]])

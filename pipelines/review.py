"""`wellspring review`: what waits in the hold queue and why, and deciding on it; a page or the terminal."""

import getpass
import sys
from collections.abc import Callable, Sequence

from wellspring.pipelines.command.arguments import JobParser, UsageError, positive
from wellspring.pipelines.command.columns import columns
from wellspring.review.history import STATES, WAITING
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
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help"):
        print("\n".join([_USAGE, *(f"  {name:<8} {what}" for name, (_, what) in _ACTIONS.items())]))
        return 0
    action, rest = arguments[0], arguments[1:]
    if action not in _ACTIONS:
        raise UsageError(f"no action {action!r}; there are {', '.join(_ACTIONS)}")
    job, what = _ACTIONS[action]
    try:
        return job(JobParser(f"review {action}", what), rest)
    except UnknownBatchError as error:
        raise UsageError(f"wellspring review {action}: no held batch {error.args[0]!r}") from error
    except (DecisionError, RunError, OSError) as error:
        print(f"wellspring review {action}: {error}", file=sys.stderr)
        return 1


def _list(parser: JobParser, argv: Sequence[str]) -> int:
    _add_run(parser, several=True)
    parser.add_argument("--state", choices=[*STATES, "any"], default=WAITING, help=f"default: {WAITING}")
    parser.add_argument("--source", help="only batches of this source")
    parser.add_argument("--signal", choices=SIGNALS, help="only batches that this signal held")
    parser.add_argument("--limit", type=positive, default=50, help="at most so many lines; default: 50")
    arguments = parser.parse_args(argv)
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


def _show(parser: JobParser, argv: Sequence[str]) -> int:
    _add_run(parser)
    _add_batch(parser)
    parser.add_argument("--document", metavar="ID", help="one of its documents, whole")
    arguments = parser.parse_args(argv)
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


def _approve(parser: JobParser, argv: Sequence[str]) -> int:
    _add_decision(parser, "why; may be left out")
    arguments = parser.parse_args(argv)
    return _decide(
        arguments.run, arguments.batch, lambda q, b: q.approve(b, by=arguments.by, reason=arguments.reason)
    )


def _reject(parser: JobParser, argv: Sequence[str]) -> int:
    _add_decision(parser, "why")
    parser.add_argument(
        "--document",
        action="append",
        metavar="ID",
        help="reject this document and approve the batch's others; may be given several times",
    )
    arguments = parser.parse_args(argv)
    if arguments.document and "," in arguments.batch:
        raise UsageError("wellspring review reject: --document goes with one --batch")
    return _decide(
        arguments.run,
        arguments.batch,
        lambda q, b: q.reject(b, by=arguments.by, reason=arguments.reason, documents=arguments.document),
    )


def _undo(parser: JobParser, argv: Sequence[str]) -> int:
    _add_decision(parser, "why; may be left out")
    arguments = parser.parse_args(argv)
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


def _serve(parser: JobParser, argv: Sequence[str]) -> int:
    _add_run(parser, several=True)
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1, this machine alone")
    parser.add_argument("--port", type=positive, default=8377, help="default: 8377")
    parser.add_argument("--token", help="what the first address has to carry; default: one made up now")
    arguments = parser.parse_args(argv)
    from wellspring.review.server import serve

    try:
        serve(arguments.run.split(","), arguments.host, arguments.port, arguments.token)
    except ValueError as error:
        raise UsageError(f"wellspring review serve: {error}") from error
    return 0


def _add_run(parser: JobParser, *, several: bool = False) -> None:
    runs = "the run's folder, or several, separated by commas" if several else "the run's folder"
    parser.add_argument("--run", required=True, help=runs)


def _add_batch(parser: JobParser, *, several: bool = False) -> None:
    more = ", or several, separated by commas" if several else ""
    parser.add_argument("--batch", required=True, metavar="ID", help=f"the batch, or its first digits{more}")


def _add_decision(parser: JobParser, reason: str) -> None:
    _add_run(parser)
    _add_batch(parser, several=True)
    parser.add_argument("--by", default=getpass.getuser(), help="who decides; default: this user's name")
    parser.add_argument("--reason", default="", help=reason)


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


_USAGE = "usage: wellspring review ACTION --run=DIR ...\n"
_ACTIONS: dict[str, tuple[Callable[[JobParser, Sequence[str]], int], str]] = {
    "list": (_list, "the held batches, those furthest beyond their limit first"),
    "show": (_show, "why a batch was held, and its most suspicious documents"),
    "approve": (_approve, "let a batch through"),
    "reject": (_reject, "decline a batch, or some documents of it"),
    "undo": (_undo, "take a decision back, until it is released"),
    "serve": (_serve, "the same as a page in a browser"),
}

if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["review", *sys.argv[1:]])

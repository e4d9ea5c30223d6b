"""The flags of `wellspring review`, action by action."""

from wellspring.pipelines.command.actions import Action
from wellspring.pipelines.command.arguments import JobParser, positive
from wellspring.pipelines.flags.user import add_by
from wellspring.review.history import STATES, WAITING
from wellspring.schemas.audit import SIGNALS


def _list() -> JobParser:
    p = JobParser("review list", ACTIONS["list"].what)
    _add_run(p, several=True)
    p.add_argument("--state", choices=[*STATES, "any"], default=WAITING, help=f"default: {WAITING}")
    p.add_argument("--source", help="only batches of this source")
    p.add_argument("--signal", choices=SIGNALS, help="only batches that this signal held")
    p.add_argument("--limit", type=positive, default=50, help="at most so many lines; default: 50")
    return p


def _show() -> JobParser:
    p = JobParser("review show", ACTIONS["show"].what)
    _add_run(p)
    _add_batch(p)
    p.add_argument("--document", metavar="ID", help="one of its documents, whole")
    return p


def _approve() -> JobParser:
    p = JobParser("review approve", ACTIONS["approve"].what)
    _add_decision(p, "why; may be left out")
    return p


def _reject() -> JobParser:
    p = JobParser("review reject", ACTIONS["reject"].what)
    _add_decision(p, "why")
    p.add_argument(
        "--document",
        action="append",
        metavar="ID",
        help="reject this document and approve the batch's others; may be given several times",
    )
    return p


def _undo() -> JobParser:
    p = JobParser("review undo", ACTIONS["undo"].what)
    _add_decision(p, "why; may be left out")
    return p


def _serve() -> JobParser:
    p = JobParser("review serve", ACTIONS["serve"].what)
    _add_run(p, several=True)
    p.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1, this machine alone")
    p.add_argument("--port", type=positive, default=8377, help="default: 8377")
    p.add_argument("--token", help="what the first address has to carry; default: one made up now")
    return p


def _add_run(parser: JobParser, *, several: bool = False) -> None:
    runs = "the run's folder, or several, separated by commas" if several else "the run's folder"
    parser.add_argument("--run", required=True, help=runs)


def _add_batch(parser: JobParser, *, several: bool = False) -> None:
    more = ", or several, separated by commas" if several else ""
    parser.add_argument("--batch", required=True, metavar="ID", help=f"the batch, or its first digits{more}")


def _add_decision(parser: JobParser, reason: str) -> None:
    _add_run(parser)
    _add_batch(parser, several=True)
    add_by(parser, "who decides")
    parser.add_argument("--reason", default="", help=reason)


ACTIONS = {
    "list": Action(_list, "the held batches, those furthest beyond their limit first"),
    "show": Action(_show, "why a batch was held, and its most suspicious documents"),
    "approve": Action(_approve, "let a batch through"),
    "reject": Action(_reject, "decline a batch, or some documents of it"),
    "undo": Action(_undo, "take a decision back, until it is released"),
    "serve": Action(_serve, "the same as a page in a browser"),
}

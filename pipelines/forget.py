"""`wellspring forget`: takes documents out of finished work, and leaves a record that it did.

find the documents -> stage every changed file and the new manifest -> commit -> put them in place

Until the commit nothing in a folder is touched; after it, whoever comes next puts the rest in place.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from pipelines.arguments import JobParser, UsageError
from pipelines.forget_request import ForgetRequest, Forgotten, earlier
from pipelines.forget_run import forget_in_run
from pipelines.forget_set import forget_in_set, is_set, packs_holding, set_manifest
from schemas.forgotten import ForgottenRecord
from signals.forgotten import DOMAIN, ID, URL, Selection
from transforms.finished_run import FinishedRun, RunError
from transforms.replace_files import finish_replacing
from transforms.storage import open_storage

_BUCKETS = """\
Folders may lie in Cloud Storage (gs://bucket/folder). There a bucket with object versioning or soft delete
keeps what was replaced: the text is gone only when these generations are. Set a lifecycle rule that deletes
noncurrent versions (daysSinceNoncurrentTime) and a soft-delete retention that fits what you promised.
"""


def parser() -> JobParser:
    """The flags of `wellspring forget`."""
    p = JobParser("forget", "Takes documents out of finished work, and leaves a record that it did.")
    p.epilog = _BUCKETS
    p.add_argument("--run", help="RUN,RUN: folders of finished runs")
    p.add_argument("--set", help="SET,SET: folders of training sets; every copy goes, of text and tokens")
    what = p.add_mutually_exclusive_group(required=True)
    what.add_argument("--id", help="the document's id")
    what.add_argument("--url", help="its url, exactly")
    what.add_argument("--domain", help="all documents of a registered domain, such as example.co.uk")
    p.add_argument("--by", required=True, help="who removes it")
    p.add_argument("--reason", required=True, help="why; it is kept: name nobody in it")
    return p


def run(argv: Sequence[str] | None = None) -> int:
    """Removes the documents from every folder; exit code 0, also where an earlier call had done it."""
    arguments = parser().parse_args(argv)
    request = _request(arguments)
    runs, sets = _folders(arguments.run), _folders(arguments.set)
    if not runs and not sets:
        raise UsageError("wellspring forget: name what to take it out of: --run, --set or both")
    try:
        _finish_earlier(runs, sets)
        found = sum(_said(folder, forget_in_run(folder, request), request) for folder in runs)
        known = {
            hash for folder in runs for record in _earlier(folder, request) for hash in record.ids_sha256
        }
        found += sum(_said(folder, forget_in_set(folder, request, known), request) for folder in sets)
        packs = {pack for folder in sets for pack in packs_holding(folder, request.selection)}
    except (RunError, OSError) as error:
        raise UsageError(f"wellspring forget: {error}") from error
    for pack in sorted(packs):
        print(f"still in the tail pack {pack}: no file of the set, so take it out by hand", file=sys.stderr)
    if not found:
        raise UsageError(f"wellspring forget: no document there has that {request.selection.by}")
    return 0


def _finish_earlier(runs: Sequence[str], sets: Sequence[str]) -> None:
    """Ends what a call that died had committed, once all folders are known to be what they should be."""
    opened = [FinishedRun(folder) for folder in (*runs, *sets)]
    for run in opened[: len(runs)]:
        if is_set(run):
            raise RunError(f"{run.folder} is a training set: name it by --set")
    for run in opened[len(runs) :]:
        set_manifest(run)
    for run in opened:
        finish_replacing(run.storage)


def _request(arguments: argparse.Namespace) -> ForgetRequest:
    pairs = [(ID, arguments.id), (URL, arguments.url), (DOMAIN, arguments.domain)]
    selection = next(Selection(by, value) for by, value in pairs if value is not None)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return ForgetRequest(selection, arguments.by, arguments.reason, at)


def _folders(names: str | None) -> list[str]:
    return [name.rstrip("/") or name for name in (names or "").split(",") if name]


def _said(folder: str, forgotten: Forgotten, request: ForgetRequest) -> int:
    """Says what a folder lost; how much was found there, now or by an earlier call."""
    documents, cleared = forgotten
    print(f"{folder}: {documents:,} documents removed, {cleared:,} other rows cleared")
    return documents + cleared + len(_earlier(folder, request))


def _earlier(folder: str, request: ForgetRequest) -> list[ForgottenRecord]:
    return earlier(open_storage(folder), request.selection)


if __name__ == "__main__":
    from pipelines.cli import main

    sys.exit(main(["forget", *sys.argv[1:]]))

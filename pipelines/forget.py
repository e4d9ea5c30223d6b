"""`wellspring forget`: takes documents out of finished work, and leaves a record that it did.

find the documents -> stage every changed file and the new manifest -> commit -> put them in place

Until the commit nothing in a folder is touched; after it, whoever comes next puts the rest in place.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from wellspring.pipelines.anchors.folder import writing
from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.own_output import own_folder
from wellspring.pipelines.flags.forget import parser
from wellspring.pipelines.forgetting.from_anchor import forget_in_anchor, open_to_forget
from wellspring.pipelines.forgetting.from_run import forget_in_run
from wellspring.pipelines.forgetting.from_set import forget_in_set, packs_holding, set_manifest
from wellspring.pipelines.forgetting.request import ForgetRequest, Forgotten, earlier
from wellspring.schemas.encoding import utc_now
from wellspring.schemas.forgotten import ForgottenRecord
from wellspring.signals.verdict.forgotten import DOMAIN, ID, URL, Selection
from wellspring.transforms.runs.finished_run import FinishedRun, RunError
from wellspring.transforms.storage.replace_files import finish_replacing
from wellspring.transforms.storage.storage import open_storage


def run(argv: Sequence[str] | None = None) -> int:
    """Removes the documents from every folder; exit code 0, also where an earlier call had done it."""
    arguments = parser().parse_args(argv)
    request = _request(arguments)
    runs, sets, anchors = (_folders(names) for names in (arguments.run, arguments.set, arguments.anchor))
    if not runs and not sets and not anchors:
        raise UsageError("name what to take it out of: --run, --set, --anchor")
    try:
        _check_kinds(runs, sets, anchors)
        with ExitStack() as stack:
            for flag, folders in (("--run", runs), ("--set", sets)):
                for folder in folders:
                    stack.enter_context(own_folder("forget", folder, flag=flag))
            _forget(arguments, request, runs, sets, anchors)
    except (RunError, OSError) as error:
        raise UsageError(f"{error}") from error
    return 0


def _forget(
    arguments: argparse.Namespace,
    request: ForgetRequest,
    runs: Sequence[str],
    sets: Sequence[str],
    anchors: Sequence[str],
) -> None:
    _finish_earlier(runs, sets, anchors)
    found = sum(_said(folder, forget_in_run(folder, request), request) for folder in runs)
    records = [record for folder in runs for record in _earlier(folder, request)]
    known = {digest for record in records for digest in record.ids_sha256}
    found += sum(_said(folder, forget_in_set(folder, request, known), request) for folder in sets)
    to_do = [
        f"still in the tail pack {pack}: no file of the set, so take it out by hand"
        for pack in sorted({pack for folder in sets for pack in packs_holding(folder, request.selection)})
    ]
    for folder in anchors:
        forgotten, left = forget_in_anchor(Path(folder), request, arguments.key)
        found += _said(folder, forgotten, request)
        to_do += [f"{folder}: {line}" for line in left]
    if not found:
        raise UsageError(f"no document there has that {request.selection.by}")
    for line in to_do:
        print(line, file=sys.stderr)


def _check_kinds(runs: Sequence[str], sets: Sequence[str], anchors: Sequence[str]) -> None:
    """Whether all folders are what they should be, before anything is written there."""
    opened = [FinishedRun(folder) for folder in (*runs, *sets)]
    for run in opened[: len(runs)]:
        if run.is_set:
            raise RunError(f"{run.folder} is a training set: name it by --set")
    for run in opened[len(runs) :]:
        set_manifest(run)
    for folder in anchors:
        if "://" in folder:
            raise UsageError(f"--anchor={folder}: anchor sets lie on this machine, not in a bucket")


def _finish_earlier(runs: Sequence[str], sets: Sequence[str], anchors: Sequence[str]) -> None:
    """Ends what a call that died had committed."""
    for folder in anchors:
        with writing(Path(folder), "forget"):  # which ends it
            open_to_forget(Path(folder))
    for folder in (*runs, *sets):
        finish_replacing(open_storage(folder))


def _request(arguments: argparse.Namespace) -> ForgetRequest:
    pairs = [(ID, arguments.id), (URL, arguments.url), (DOMAIN, arguments.domain)]
    selection = next(Selection(by, value) for by, value in pairs if value is not None)
    at = utc_now()
    return ForgetRequest(selection, arguments.by, arguments.reason, at)


def _folders(names: str | None) -> list[str]:
    return list(dict.fromkeys(name.rstrip("/") or name for name in (names or "").split(",") if name))


def _said(folder: str, forgotten: Forgotten, request: ForgetRequest) -> int:
    """Says what a folder lost; how much was found there, now or by an earlier call."""
    documents, cleared = forgotten
    print(f"{folder}: {documents:,} documents removed, {cleared:,} other rows cleared")
    return documents + cleared + len(_earlier(folder, request))


def _earlier(folder: str, request: ForgetRequest) -> list[ForgottenRecord]:
    return earlier(open_storage(folder), request.selection)


if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["forget", *sys.argv[1:]])

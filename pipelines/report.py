"""`wellspring report`: the page of a finished run, written again."""

from collections.abc import Sequence

from wellspring.pages.run.report import render_report
from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.own_output import own_file, own_folder, refuse_inputs
from wellspring.pipelines.flags.report import parser
from wellspring.transforms.runs.finished_run import FinishedRun, RunError
from wellspring.transforms.storage.whole_file import messages_beside, write_whole


def run(argv: Sequence[str] | None = None) -> int:
    """Write the report of a finished run again, over all its audits. Exit code 0.

    Raises:
        UsageError: the arguments are wrong, there is no finished run, or a file of it was changed.
    """
    flags = parser().parse_args(argv)
    folder = flags.run.rstrip("/") or flags.run
    output = flags.output or f"{folder}/report.html"
    try:
        finished = FinishedRun(flags.run)
        refuse_inputs(output, [f"{folder}/{name}" for name in ("manifest.json", *finished.manifest.files)])
        page = render_report(finished.manifest, finished.audits(), finished.drift())
    except RunError as error:
        raise UsageError(f"--run: {error}") from error
    with own_file("report", output) if flags.output else own_folder("report", folder, flag="--run"):
        write_whole(output, page.encode())
    print(output, file=messages_beside(output))
    return 0

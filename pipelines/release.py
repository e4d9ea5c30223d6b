"""`wellspring release`: decided batches leave the hold queue, approved documents into `documents/`."""

import sys
from collections.abc import Sequence

from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.flags.release import parser
from wellspring.review.history import WAITING
from wellspring.review.queue import DecisionError, HoldQueue
from wellspring.review.release import release_decided
from wellspring.transforms.runs.finished_run import RunError


def run(argv: Sequence[str] | None = None) -> int:
    """Releases what is decided; exit code 1 where a batch had to be left out or the release failed."""
    arguments = parser().parse_args(argv)
    try:
        queue = HoldQueue(arguments.run)
    except RunError as error:
        raise UsageError(f"--run: {error}") from error
    try:
        released = release_decided(queue, by=arguments.by)
    except (DecisionError, RunError, OSError) as error:
        print(f"wellspring release: {error}", file=sys.stderr)
        return 1
    for release in released.releases:
        documents = sum(batch.documents for batch in release.batches.values())
        declined = sum(batch.declined for batch in release.batches.values())
        print(
            f"release {release.number}: {len(release.batches):,} batches, {documents:,} documents published, "
            f"{declined:,} declined"
        )
    if not released.releases:
        print("nothing to release")
    waiting = sum(entry.state == WAITING for entry in queue.entries())
    print(f"{waiting:,} batches still wait for a decision")
    for problem in released.left_out:
        print(f"wellspring release: left out: {problem}", file=sys.stderr)
    return 1 if released.left_out else 0


if __name__ == "__main__":
    from wellspring.pipelines.cli import command

    command(["release", *sys.argv[1:]])

"""The flags of `wellspring lineage`."""

from wellspring.pipelines.command.arguments import JobParser


def parser() -> JobParser:
    """The flags of `wellspring lineage`."""
    p = JobParser("lineage", "Why a document is in a training set, how often, or why it is not.")
    p.add_argument("--set", help="a training set's folder")
    p.add_argument("--run", help="a run's folder, or RUN,RUN where the set's runs have moved to")
    p.add_argument("--id", required=True, help="the document's id")
    return p

"""The flags of `wellspring forget`."""

from wellspring.pipelines.command.arguments import JobParser, local_path

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
    p.add_argument("--anchor", help="ANCHOR,ANCHOR: folders of anchor sets, on this machine; all versions")
    p.add_argument(
        "--key",
        type=local_path,
        help="the anchor sets' private key, to sign it; default: where anchor create puts it",
    )
    what = p.add_mutually_exclusive_group(required=True)
    what.add_argument("--id", help="the document's id")
    what.add_argument("--url", help="its url, exactly")
    what.add_argument("--domain", help="all documents of a registered domain, such as example.co.uk")
    p.add_argument("--by", required=True, help="who removes it")
    p.add_argument("--reason", required=True, help="why; it is kept: name nobody in it")
    return p

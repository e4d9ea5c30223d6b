"""`wellspring check-engine`: the jobs on your own engine, compared byte for byte with the local runner.

    wellspring check-engine --output=FOLDER --runner=... [Beam's flags for the engine] [--scale=N]

A made-up crawl goes through `curate`, `curate --reuse`, `reprocess`, `mix` and `curate` with the language
model, once on the local runner and once on the engine. The table says which files are equal, and how many
documents the engine lost or repeated. FOLDER must be one that this machine and the engine's workers share.
The exit code is 0 only if everything is equal.
"""

from wellspring.pipelines.command.arguments import JobParser, positive


def parser() -> JobParser:
    """The flags of `wellspring check-engine`."""
    p = JobParser("check-engine", __doc__ or "", takes_beam_flags=True)
    p.add_argument("--output", required=True, help="a new folder that the engine's workers can reach")
    p.add_argument("--scale", type=positive, default=1, help="size of the input; 1 is some 500 records")
    return p

"""The flags of `wellspring mix`."""

from wellspring.pipelines.command.arguments import JobParser


def parser() -> JobParser:
    """The flags of `wellspring mix`."""
    p = JobParser(
        "mix",
        "Finished runs and a recipe in; a training set with the recipe's shares out.",
        takes_beam_flags=True,
    )
    p.add_argument("--recipe", required=True, help="recipe.yaml: shares, tokens, runs")
    p.add_argument("--output", required=True, help="the set's folder")
    p.add_argument("--run", help="RUN,RUN: in place of the recipe's runs")
    p.add_argument("--dry_run", action="store_true", help="count and plan, print the plan, write nothing")
    p.add_argument("--overwrite", action="store_true", help="replace a finished set in --output")
    return p

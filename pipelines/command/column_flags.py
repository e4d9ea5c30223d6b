"""The flags that say how a file names its texts and ids, for every job that reads one's own files."""

import argparse

from wellspring.transforms.formats.rows import COLUMNS, Columns


def add_column_flags(parser: argparse.ArgumentParser) -> None:
    """`--text_column` and `--id_column`."""
    parser.add_argument(
        "--text_column",
        type=_name,
        metavar="NAME",
        help=f"the text's name in JSON lines and Parquet; default: {COLUMNS.text}",
    )
    parser.add_argument("--id_column", type=_name, metavar="NAME", help=f"the id's; default: {COLUMNS.id}")


def columns_of(arguments: argparse.Namespace) -> Columns:
    """The names that the flags give."""
    return Columns(text=arguments.text_column or COLUMNS.text, id=arguments.id_column or COLUMNS.id)


def _name(text: str) -> str:
    """argparse type: a column's name."""
    if not text.strip():
        raise argparse.ArgumentTypeError("a column's name is empty")
    return text

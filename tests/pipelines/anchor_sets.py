"""Anchor sets for the tests: made by the command, as people make them."""

import json
from pathlib import Path

from tests.signals.passages import generated
from wellspring.pipelines.cli import main

MACHINE_TEXT = (
    "The city's vibrant tapestry stands as a testament to the enduring power of community. As we "
    "delve into its multifaceted history, it becomes clear that each narrative underscores a "
    "profound sense of resilience, fostering a deeper understanding of the intricate relationship "
    "between tradition and innovation. In conclusion, by embracing these pivotal insights, "
    "individuals and organizations alike can navigate the complex landscape of the modern world, "
    "ultimately paving the way for a more inclusive and sustainable future. Furthermore, this "
    "approach not only enhances collaboration but also highlights the importance of empathy, serving "
    "as a poignant reminder that growth is a journey, not a destination. "
)
"""The embedded profile calls it SYNTHETIC at HIGH confidence; written for this test."""
ATTESTED = ("--attested_by=the library", "--attested_on=2026-01-05", "--licence=CC0-1.0")
TEXTS = generated(40, 60, seed="anchor")


def write_lines(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def rows(begin: int, end: int) -> list[dict[str, object]]:
    """Lines of an input: documents d<begin> to d<end - 1>."""
    return [{"id": f"d{i}", "text": TEXTS[i]} for i in range(begin, end)]


def command(name: str, anchor: Path, *flags: str) -> int:
    """Runs `wellspring anchor <name>` with the set's key where one is needed; its exit code."""
    key = (f"--key={key_of(anchor)}",) if name in ("create", "add") else ()
    given = any(flag.startswith("--key=") for flag in flags)
    return main(["anchor", name, f"--anchor={anchor}", *(() if given else key), *flags])


def key_of(anchor: Path) -> Path:
    return anchor.with_name(f"{anchor.name}.pem")


def make_set(folder: Path) -> Path:
    """A set of three versions with twelve documents, two rejects and two exports."""
    anchor = folder / "set"
    first = write_lines(folder / "first.jsonl", [*rows(0, 8), {"id": "machine", "text": MACHINE_TEXT}])
    second = write_lines(folder / "second.jsonl", [*rows(8, 12), {"id": "empty", "text": " "}])
    export = ("--purpose=calibration", "--exported_by=me")
    assert command("create", anchor) == 0
    assert command("add", anchor, f"--input={first}", *ATTESTED) == 0
    assert command("export", anchor, f"--output={folder}/one.jsonl", *export) == 0
    assert command("add", anchor, f"--input={second}", *ATTESTED) == 0
    assert command("export", anchor, f"--output={folder}/two.jsonl", *export) == 0
    return anchor

"""`python deploy/licences.py [--check]`: what everything that runs with this package is licensed under.

Judges the pinned packages (`constraints.txt`), whatever this machine has of them. It reads the metadata of
the installed ones, from `wellspring`'s own requirements on, and writes `deploy/licences.md`; where torch's
build for CPUs is installed, the rows of the CUDA build's packages stay as they were.
`--check` writes nothing and ends with 1 where a licence is unknown or asks for more than it may.
"""

import re
import sys
from collections import Counter
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement

REPORT = Path(__file__).parent / "licences.md"
SETUP = Path(__file__).parents[1] / "setup.py"
CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"
EXTRAS = ("gcp",)  # what the image installs beside the requirements

# What a licence's text, name or classifier says -> its SPDX name. First match wins.
_NAMES = (
    (r"nvidia[ -]proprietary", "NVIDIA"),
    (r"lesser general|lgpl", "LGPL"),
    (r"general public|(^|[^l])gpl", "GPL"),
    (r"apache", "Apache-2.0"),
    (r"mozilla|\bmpl\b", "MPL-2.0"),
    (r"python software foundation|^psf|python-2\.0", "PSF-2.0"),
    (r"unlicense", "Unlicense"),
    (r"\bzpl\b|zope", "ZPL-2.1"),
    (r"\bisc\b", "ISC"),
    (r"\bhpnd\b", "HPND"),
    (r"0bsd", "0BSD"),
    (r"bsd|redistribution and use in source and binary forms", "BSD"),
    (r"\bmit\b|permission is hereby granted, free of charge", "MIT"),
)
NOTICES = {"Apache-2.0", "MPL-2.0", "PSF-2.0", "Unlicense", "ZPL-2.1", "ISC", "HPND", "0BSD", "BSD", "MIT"}
"""They ask for notices, MPL for its own files' source: nothing that binds what runs beside them."""
NVIDIA = "NVIDIA"
UNKNOWN = "unknown"

_STATED = {"cuda-toolkit": NVIDIA}
"""Packages whose metadata says nothing: this one is empty and requires NVIDIA's libraries by name."""
_OF_CUDA = re.compile(r"(nvidia|cuda)-.*|triton")
"""Names of what torch brings in its CUDA build alone."""


class Licence(NamedTuple):
    package: str
    version: str
    licence: str


def pins(constraints: str) -> dict[str, str]:
    """Version by name, of a constraints file's text."""
    pairs = [line.split("==") for line in constraints.split() if "==" in line]
    return {normal(name): version for name, version in pairs}


def is_of_cuda(package: str) -> bool:
    """Whether a package comes with torch's CUDA build alone, so that only the GPU image holds it."""
    return _OF_CUDA.fullmatch(package) is not None


def faults(found: list[Licence], pinned: dict[str, str]) -> list[str]:
    """What is wrong with a set of packages, a line each: not pinned, or of a licence that binds."""
    lines = []
    for one in found:
        if pinned.get(one.package) != one.version:
            lines.append(
                f"{one.package} {one.version}: constraints.txt pins {pinned.get(one.package, 'none')}"
            )
        if one.licence not in NOTICES and not (one.licence == NVIDIA and is_of_cuda(one.package)):
            lines.append(f"{one.package} {one.version}: licence {one.licence}")
    return lines


def reported(text: str) -> list[Licence]:
    """The rows of a report."""
    cells = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [Licence(*row[:3]) for row in cells if row[0] != "package"]


def required(setup: str) -> list[str]:
    """The requirements of a setup.py's text: `install_requires` and the extras of the image."""
    lists = [re.search(r"install_requires=\[(.*?)\]", setup, re.DOTALL)]
    lists += [re.search(rf'"{extra}": \[(.*?)\],\n', setup, re.DOTALL) for extra in EXTRAS]
    return [name for found in lists if found for name in re.findall(r'"([^"]+)"', found[1])]


def licences(requirements: list[str]) -> list[Licence]:
    """The packages that the requirements bring in on this machine, by name."""
    found: dict[str, Licence] = {}
    waiting = [Requirement(text) for text in requirements]
    done: set[tuple[str, str]] = set()
    while waiting:
        requirement = waiting.pop()
        for extra in ["", *sorted(requirement.extras)]:
            key = (normal(requirement.name), extra)
            if key in done:
                continue
            done.add(key)
            try:
                package = distribution(requirement.name)
            except PackageNotFoundError:
                found[key[0]] = Licence(key[0], "not installed", UNKNOWN)
                continue
            found[key[0]] = Licence(key[0], package.version, licence_of(package))
            for text in package.requires or []:
                needed = Requirement(text)
                if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                    waiting.append(needed)
    return [found[name] for name in sorted(found)]


def normal(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence_of(package: Distribution) -> str:
    """SPDX name of a package's licence by its expression, its classifiers, its licence field or file."""
    metadata = package.metadata
    if stated := _STATED.get(normal(metadata.get("Name") or "")):
        return stated
    said = [metadata.get("License-Expression") or ""]
    said.append(" ".join(c for c in metadata.get_all("Classifier") or [] if c.startswith("License ::")))
    said.append((metadata.get("License") or "")[:300])
    texts = [f for f in package.files or [] if re.search(r"(?i)licen[cs]e|copying", f.name)]
    said += [f.read_text()[:600] for f in texts[:1] if f.locate().is_file()]
    for words in said:
        for pattern, name in _NAMES:
            if re.search(pattern, words.lower()):
                return name
    return UNKNOWN


def report(found: list[Licence]) -> str:
    """The tables as Markdown, after a count by licence."""
    cuda = [one for one in found if is_of_cuda(one.package)]
    rest = [one for one in found if not is_of_cuda(one.package)]
    return "\n".join(
        [
            "# Licences of what runs with this package",
            "",
            "By `python deploy/licences.py` from the pinned packages' metadata; no lawyer has read it.",
            "",
            "## In every image",
            "",
            *_table(rest),
            "",
            "## Only with torch's CUDA build",
            "",
            "The image for CPUs (`--build-arg DEVICE=cpu`) holds none of these. NVIDIA's licences allow an",
            "application to be shipped with the libraries that it loads (CUDA Toolkit EULA, attachment A;",
            "cuDNN and cuSPARSELt: the `.so` files), under terms no weaker than theirs and not on their own.",
            "Read them before a GPU image leaves your company.",
            "",
            *_table(cuda),
            "",
        ]
    )


def _table(found: list[Licence]) -> list[str]:
    counts = Counter(one.licence for one in found)
    summary = ", ".join(
        f"{name} {n}" for name, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )
    return [
        f"{len(found)} packages: {summary}.",
        "",
        "| package | version | licence |",
        "|---|---|---|",
        *(f"| {one.package} | {one.version} | {one.licence} |" for one in found),
    ]


def main(argv: list[str]) -> int:
    found = {one.package: one for one in licences(required(SETUP.read_text()))}
    kept = [one for one in reported(REPORT.read_text()) if is_of_cuda(one.package)]
    merged = {one.package: one for one in kept} | found
    rows = [merged[name] for name in sorted(merged)]
    wrong = faults(rows, pins(CONSTRAINTS.read_text()))
    for line in wrong:
        print(line, file=sys.stderr)
    if "--check" not in argv:
        REPORT.write_text(report(rows))
        print(REPORT)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

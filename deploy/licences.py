"""`python deploy/licences.py [--check]`: what everything that runs with this package is licensed under.

Reads the metadata of the installed packages, from `wellspring`'s own requirements on, and writes
`deploy/licences.md`.
`--check` writes nothing and ends with 1 where a licence is unknown or asks for more than notices.
"""

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement

REPORT = Path(__file__).parent / "licences.md"
SETUP = Path(__file__).parents[1] / "setup.py"
EXTRAS = ("gcp",)  # what the image installs beside the requirements

# What a licence's text, name or classifier says -> its SPDX name. First match wins.
_NAMES = (
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
UNKNOWN = "unknown"


class Licence(NamedTuple):
    package: str
    version: str
    licence: str


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
    """The table as Markdown, after a count by licence."""
    counts: dict[str, int] = {}
    for one in found:
        counts[one.licence] = counts.get(one.licence, 0) + 1
    summary = ", ".join(
        f"{name} {n}" for name, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )
    return "\n".join(
        [
            "# Licences of what runs with this package",
            "",
            "By `python deploy/licences.py` from the installed packages' metadata; no lawyer has read it.",
            f"{len(found)} packages: {summary}.",
            "",
            "| package | version | licence |",
            "|---|---|---|",
            *(f"| {one.package} | {one.version} | {one.licence} |" for one in found),
            "",
        ]
    )


def main(argv: list[str]) -> int:
    found = licences(required(SETUP.read_text()))
    doubtful = [one for one in found if one.licence not in NOTICES]
    for one in doubtful:
        print(f"{one.package} {one.version}: {one.licence}", file=sys.stderr)
    if "--check" not in argv:
        REPORT.write_text(report(found))
        print(REPORT)
    return int(bool(doubtful))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

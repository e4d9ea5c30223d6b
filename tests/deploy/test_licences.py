"""Every package that runs with this one has a licence that is known and asks for no more than it may.

The pinned set is judged, on any machine: what is installed here may be another build of it.
"""

import importlib.util
from email.message import Message
from importlib.metadata import Distribution
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.fixture(scope="module")
def licences():
    spec = importlib.util.spec_from_file_location("deploy_licences", DEPLOY / "licences.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Package(Distribution):
    """A package with nothing but metadata."""

    def __init__(self, **fields: str) -> None:
        self._fields = fields

    @property
    def metadata(self):
        message = Message()
        for name, value in self._fields.items():
            message[name.replace("_", "-")] = value
        return message

    files = None

    def read_text(self, filename):
        return None

    def locate_file(self, path):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ({"License_Expression": "Apache-2.0 OR BSD-2-Clause"}, "Apache-2.0"),
        ({"Classifier": "License :: OSI Approved :: MIT License"}, "MIT"),
        ({"Classifier": "Topic :: MIT"}, "unknown"),
        ({"License": "GNU General Public License v3"}, "GPL"),
        ({"License_Expression": "LGPL-2.1-only", "License": "MIT"}, "LGPL"),
        ({"License_Expression": "Apache-2.0 AND GPL-3.0"}, "GPL"),
        ({"License": "Permission is hereby granted, free of charge"}, "MIT"),
        ({"License_Expression": "LicenseRef-NVIDIA-Proprietary"}, "NVIDIA"),
        ({"License": "NVIDIA Proprietary Software"}, "NVIDIA"),
        ({"Name": "cuda_toolkit"}, "NVIDIA"),
        ({}, "unknown"),
    ],
)
def test_a_licence_is_found_where_it_is_said(licences, fields, licence):
    assert licences.licence_of(Package(**fields)) == licence


def test_requirements_are_those_of_the_image(licences):
    setup = (DEPLOY.parent / "setup.py").read_text()
    required = licences.required(setup)
    assert "torch>=2.6" in required
    assert "apache-beam[gcp]>=2.77,<3" in required
    assert "pytest" not in required


def test_the_pinned_set_asks_for_no_more_than_notices_but_where_nvidia_s_libraries_are(licences):
    rows = licences.reported(licences.REPORT.read_text())
    assert len(rows) > 50
    assert licences.faults(rows, licences.pins(licences.CONSTRAINTS.read_text())) == []


@pytest.mark.slow
def test_the_report_is_true_of_what_is_installed_here(licences):
    """With torch for CPUs a part of it, with torch from the package index all of it."""
    listed = {one.package: one for one in licences.reported(licences.REPORT.read_text())}
    found = licences.licences(licences.required(licences.SETUP.read_text()))
    assert [one.package for one in found if one.package not in listed] == [], "run python deploy/licences.py"
    pinned = licences.pins(licences.CONSTRAINTS.read_text())
    same = [one for one in found if one.version == pinned[one.package]]
    assert [one for one in same if one != listed[one.package]] == []
    lacking = listed.keys() - {one.package for one in found}
    assert [name for name in lacking if not licences.is_of_cuda(name)] == []


@pytest.mark.parametrize(
    ("package", "version", "licence", "fault"),
    [
        ("good", "1", "MIT", None),
        ("good", "2", "MIT", "constraints.txt pins 1"),
        ("other", "1", "MIT", "constraints.txt pins none"),
        ("good", "1", "GPL", "licence GPL"),
        ("good", "1", "unknown", "licence unknown"),
        ("good", "1", "NVIDIA", "licence NVIDIA"),
        ("nvidia-good", "1", "NVIDIA", None),
        ("nvidia-good", "1", "unknown", "licence unknown"),
    ],
)
def test_what_a_package_may_ask_for(licences, package, version, licence, fault):
    found = licences.faults([licences.Licence(package, version, licence)], {"good": "1", "nvidia-good": "1"})
    assert [line.partition(": ")[2] for line in found] == ([fault] if fault else [])


def test_a_report_reads_back(licences):
    rows = [licences.Licence("a", "1", "MIT"), licences.Licence("nvidia-b", "2", "NVIDIA")]
    assert licences.reported(licences.report(rows)) == rows

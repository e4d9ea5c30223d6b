"""Every package that runs with this one has a licence that is known and asks for no more than notices."""

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


def test_every_runtime_dependency_has_a_known_licence(licences):
    found = licences.licences(licences.required(licences.SETUP.read_text()))
    assert len(found) > 50
    assert [one for one in found if one.licence not in licences.NOTICES] == []


def test_the_report_names_every_package_of_this_environment_that_runs(licences):
    listed = {
        line.split(" | ")[0][2:] for line in licences.REPORT.read_text().splitlines() if line[:2] == "| "
    }
    found = licences.licences(licences.required(licences.SETUP.read_text()))
    assert {one.package for one in found} <= listed, "run python deploy/licences.py"


def test_a_package_that_is_not_there_is_unknown(licences):
    (one,) = licences.licences(["surely-no-such-package>=1"])
    assert one == ("surely-no-such-package", "not installed", "unknown")

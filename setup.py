"""Packaging: the distribution is `wellspring-corpus`, the package and the command are `wellspring`.

The rooms are at the top of the repository and are installed as `wellspring.<room>`; in a checkout the links
in `wellspring/` do the same.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

_HERE = Path(__file__).parent
_VERSION = re.search(r'CODE_VERSION = "(.+)"', (_HERE / "schemas/__init__.py").read_text())
assert _VERSION, "schemas/__init__.py has no CODE_VERSION"
_ROOMS = ("schemas", "signals", "transforms", "pages", "pipelines", "review")
_INCLUDE = [pattern for room in _ROOMS for pattern in (room, f"{room}.*")]

setup(
    name="wellspring-corpus",
    version=_VERSION[1],
    description="Keeps LLM training corpora from collapsing on synthetic text: a stage on Apache Beam",
    long_description=(_HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    keywords="language models, training data, synthetic text, provenance, model collapse, Apache Beam",
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Text Processing :: Linguistic",
        "Typing :: Typed",
    ],
    python_requires=">=3.11",
    packages=["wellspring", *(f"wellspring.{package}" for package in find_packages(include=_INCLUDE))],
    package_dir={"wellspring": "wellspring", **{f"wellspring.{room}": room for room in _ROOMS}},
    package_data={
        "": ["py.typed"],
        "wellspring.signals": ["reference_en/*", "reference_en_machine/*"],
        "wellspring.pipelines": ["cost_assumptions.yaml"],
        "wellspring.pipelines.demo_data": ["pages/*"],
        "wellspring.review": ["templates/*.html", "static/*"],
    },
    install_requires=[
        "apache-beam>=2.77,<3",
        "blingfire>=0.1.8",
        "cryptography>=44",
        "fastwarc>=2.0",
        "fsspec>=2025.1",
        "aiohttp>=3.9",
        "jinja2>=3.1",
        "lz4>=4.3",
        "msgspec>=0.20",
        "numpy>=2.0",
        "pyarrow>=18",
        "pydantic>=2.8",
        "python-multipart>=0.0.20",
        "pyyaml>=6",
        "rensa>=0.5",
        "resiliparse>=2.0",
        "scikit-learn>=1.6",
        "scipy>=1.13",
        "safetensors>=0.5",
        "starlette>=1.0",
        "tldextract>=5.1",
        "tokenizers>=0.21",
        "torch>=2.6",
        "transformers>=5.0",
        "uvicorn>=0.34",
        "warcio>=1.7.5",
        "xxhash>=3.5",
        "zstandard>=0.23",
    ],
    extras_require={
        "gcp": ["apache-beam[gcp]>=2.77,<3"],
        "aws": ["boto3>=1.34"],
        "bench": ["datatrove[io]==0.10.0"],
        "docs": ["mkdocs-material>=9.6"],
        "test": [
            "apache-beam[gcp]>=2.77,<3",
            "codespell",
            "datasketch",
            "duckdb",
            "gcp-storage-emulator",
            "httpx",
            "hypothesis",
            "mkdocs-material>=9.6",
            "mlcroissant",
            "mypy",
            "playwright",
            "polars",
            "pytest",
            "pytest-xdist",
            "python-hcl2",
            "ruff",
            "types-PyYAML",
        ],
    },
    entry_points={"console_scripts": ["wellspring=wellspring.pipelines.cli:command"]},
)

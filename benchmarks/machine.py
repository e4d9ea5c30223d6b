"""What a result was measured on: processor, cores, versions. No names, no paths."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = (
    "apache-beam", "blingfire", "datatrove", "fastwarc", "msgspec", "numpy", "pyarrow", "resiliparse",
    "tokenizers", "torch", "transformers", "warcio",
)  # fmt: skip


def machine_facts() -> dict[str, object]:
    """Facts about this machine and its packages, for a result."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
    }


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None

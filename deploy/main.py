"""What the flex template's launcher starts: one job of `wellspring`, with the template's parameters.

The launcher writes every parameter as `--name=value`. Three things are put right here: flags without a
value, `{date}` in a value (a schedule sends the same request each time), and the image of the workers.
"""

import json
import logging
import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path

METADATA = Path(__file__).parent
TWO_PIPELINES = "mix"
"""The job that can't be left with the service: its second pipeline is made of the first one's counts."""


def job_arguments(argv: list[str], metadata: dict, image: str, today: date) -> list[str]:
    """The job's arguments, of the template's parameters.

    `--overwrite=true` becomes `--overwrite`, and `--overwrite=false` and empty values are left out;
    `{date}` becomes the day of the launch, such as 2026-11-24.

    Raises:
        ValueError: a flag has another value than true or false.
    """
    flags = {p["name"] for p in metadata["parameters"] if p.get("paramType") == "BOOLEAN"}
    own = {p["name"] for p in metadata["parameters"]}
    arguments = []
    for argument in argv:
        name, equals, value = argument.removeprefix("--").partition("=")
        if name in flags and equals:
            if value.lower() not in ("true", "false", ""):
                raise ValueError(f"--{name} is true or false, not {value!r}")
            if value.lower() == "true":
                arguments.append(f"--{name}")
        elif name not in own:
            arguments.append(argument)
        elif value:
            arguments.append(f"--{name}={value.replace('{date}', today.isoformat())}")
    given = {argument.partition("=")[0] for argument in arguments}
    if image and "--sdk_container_image" not in given:
        arguments.append(f"--sdk_container_image={image}")
    if "--sdk_location" not in given:
        arguments.append("--sdk_location=container")
    return arguments


class JsonLines(logging.Formatter):
    """A record as one line of JSON in Cloud Logging's form, with the run that it is of."""

    def __init__(self, run: str) -> None:
        super().__init__()
        self._run = run

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "severity": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "run": self._run,
        }
        if record.exc_info:
            line["message"] += "\n" + self.formatException(record.exc_info)
        return json.dumps(line)


def main() -> int:
    from wellspring.pipelines.cli import main as wellspring

    job = os.environ["WELLSPRING_JOB"]
    metadata = json.loads((METADATA / f"{job}.json").read_text())
    today = datetime.now(UTC).date()
    arguments = job_arguments(sys.argv[1:], metadata, os.environ["WELLSPRING_IMAGE"], today)
    if job != TWO_PIPELINES:
        arguments.append("--detach")
    run = next((a.partition("=")[2] for a in arguments if a.startswith("--output=")), "")
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines(run))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    return wellspring([job, *arguments])


if __name__ == "__main__":
    sys.exit(main())

"""The audits of earlier runs, as a baseline for the sources that they hold."""

from collections import defaultdict
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems
from scipy.special import stdtrit

from pipelines.arguments import UsageError
from pipelines.run_folder import read_manifest
from schemas.profile import Profile


def audited_strata(runs: Sequence[str], profile: Profile) -> dict[str, list[tuple[float, float]]]:
    """{stratum: (value, standard error) of its full batches} of runs under this profile.

    Raises:
        UsageError: a run was made by another scorer, batch size, profile or gate signal.
    """
    strata: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for run in runs:
        manifest = read_manifest(run)
        facts = (manifest.profile, manifest.scorer.id if manifest.scorer else None, manifest.batch_documents)
        wanted = (profile.name, profile.scorer, profile.batch_documents)
        if facts != wanted:
            raise UsageError(
                f"--baseline={run}: made under profile, scorer and batch size {facts}, not {wanted}: "
                f"run `wellspring curate` over that crawl with --profile={profile.name}"
            )
        for path in sorted(p for p in manifest.files if p.startswith("audits/") and p.endswith(".parquet")):
            with FileSystems.open(f"{run}/{path}") as file:
                table = pq.read_table(pa.BufferReader(file.read()))
            for row in table.to_pylist():
                if row["gated"] and row["signal"] == profile.gate.signal and row["interval_high"] is not None:
                    reach = float(stdtrit(row["documents"] - 1, 0.975))
                    error = (row["interval_high"] - row["interval_low"]) / 2 / reach
                    strata[row["stratum"]].append((row["value"], error))
    return strata

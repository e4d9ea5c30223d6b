"""The audits of earlier runs, as a baseline for the sources that they hold."""

from collections import defaultdict
from collections.abc import Sequence

from wellspring.pipelines.command.arguments import UsageError
from wellspring.schemas.profile import Profile
from wellspring.signals.stats.intervals import standard_error
from wellspring.transforms.runs.finished_run import FinishedRun, RunError

AuditedStrata = dict[str, list[tuple[float, float]]]
"""{stratum: (value, standard error) of its full batches}."""


def audited_strata(runs: Sequence[str], profile: Profile) -> dict[str, AuditedStrata]:
    """{signal: its strata} of runs under this profile, for the tests that a source's own baseline serves.

    Raises:
        UsageError: a run is not finished, was changed, or was made by another scorer, batch size or profile.
    """
    signals = [test.signal for test in profile.gate.tests if test.own_baseline]
    found: dict[str, AuditedStrata] = {signal: defaultdict(list) for signal in signals}
    for run in runs:
        try:
            finished = FinishedRun(run)
            audits = finished.audits()
        except RunError as problem:
            raise UsageError(f"--baseline: {problem}") from problem
        manifest = finished.manifest
        facts = (manifest.profile, manifest.scorer.id if manifest.scorer else None, manifest.batch_documents)
        wanted = (profile.name, profile.scorer, profile.batch_documents)
        if facts != wanted:
            raise UsageError(
                f"--baseline={run}: made under profile, scorer and batch size {facts}, not {wanted}: "
                f"run `wellspring curate` over that crawl with --profile={profile.name}"
            )
        for audit in audits:
            for signal in signals if audit.gated else ():
                value, low, high = audit.estimate(signal)
                if value is not None and low is not None and high is not None:
                    error = standard_error(low, high, audit.documents - 1)
                    found[signal][audit.stratum].append((value, error))
    return found

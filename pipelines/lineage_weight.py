"""The weight that a document had in a mix, computed again from what the set keeps."""

from pipelines.mix_runs import MixedRun, files_of
from schemas.document import PublishedDocument
from schemas.recipe import Recipe
from schemas.sources import SourceEntry
from schemas.training_set import SetManifest
from signals.count_min import CountMin
from signals.mix_weights import Weigher, Weight
from transforms.finish_set import COUNTED_WORDS
from transforms.run_files import RunMeasurements, read_checked


def weight_in(folder: str, manifest: SetManifest, run: MixedRun, document: PublishedDocument) -> Weight:
    """The weight of a document of a run.

    Raises:
        TamperedError: a file of the set or the run was changed.
    """
    facts = manifest.low_frequency
    counted: CountMin | None = None
    perplexities: list[float | None] = [None]
    if COUNTED_WORDS in manifest.files:
        counted = CountMin.from_bytes(read_checked(folder, COUNTED_WORDS, manifest.files[COUNTED_WORDS]))
        measured = RunMeasurements(run.path, files_of([run]).measurements[run.path])
        perplexities = measured.perplexities([document.id])
    weigher = Weigher(
        Recipe.model_validate(manifest.recipe).low_frequency,
        [SourceEntry.model_validate(entry) for entry in facts.sources],
        counted,
        facts.median_rarity,
        facts.perplexity_limits,
    )
    return weigher.weigh([document], perplexities)[0]

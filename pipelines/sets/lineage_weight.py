"""The weight that a document had in a mix, computed again from what the set keeps."""

from wellspring.pipelines.sets.mix_runs import MixedRun, files_of
from wellspring.schemas.document import PublishedDocument
from wellspring.schemas.recipe import Recipe
from wellspring.schemas.sources import SourceEntry
from wellspring.schemas.training_set import SetManifest
from wellspring.signals.mix.weights import Weigher, Weight
from wellspring.signals.stats.count_min import CountMin
from wellspring.transforms.mix.finish_set import COUNTED_WORDS
from wellspring.transforms.runs.run_files import RunMeasurements, read_checked


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

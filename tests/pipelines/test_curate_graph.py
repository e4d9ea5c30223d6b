"""The graph of the main job: its size, where the GPU is asked for, and whether portable Flink takes it."""

import gzip
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.pipeline_context import PipelineContext
from apache_beam.runners.portability.flink_runner import FlinkRunner

from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.beam_options import parse_arguments
from wellspring.pipelines.curate import curate
from wellspring.pipelines.curate_settings import settle
from wellspring.pipelines.flags.curate import parser
from wellspring.signals.verdict.profiles import built_in, is_built_in, parse_profile

pytestmark = pytest.mark.slow

L4 = "type:nvidia-l4;count:1;install-nvidia-driver"
ACCELERATOR = "beam:resources:accelerator:v1"
# What a portable runner has to know; everything else is made of these.
PRIMITIVES = {
    "beam:transform:pardo:v1",
    "beam:transform:impulse:v1",
    "beam:transform:group_by_key:v1",
    "beam:transform:flatten:v1",
    "beam:transform:window_into:v1",
    # The three parts of a lifted combine, which every portable runner takes since Beam 2.12.
    "beam:transform:combine_per_key_precombine:v1",
    "beam:transform:combine_per_key_merge_accumulators:v1",
    "beam:transform:combine_per_key_extract_outputs:v1",
}


def graph(*flags: str, scorer: str, input: str = "crawl/*.warc.wet.gz") -> beam.Pipeline:
    argv = [f"--input={input}", "--output=run", f"--scorer={scorer}", *flags]
    arguments, options = parse_arguments(parser(), argv)
    pipeline = beam.Pipeline(options=options)
    curate(pipeline, settle(arguments, options))
    return pipeline


def asking_for_a_gpu(proto: beam_runner_api_pb2.Pipeline) -> set[str]:
    """Names of the transforms whose environment has an accelerator, and which."""
    environments = {
        id: environment.resource_hints[ACCELERATOR].decode()
        for id, environment in proto.components.environments.items()
        if ACCELERATOR in environment.resource_hints
    }
    assert set(environments.values()) <= {L4}
    return {t.unique_name for t in proto.components.transforms.values() if t.environment_id in environments}


def test_only_the_scoring_step_asks_for_a_gpu(tiny_scorer):
    proto = graph(f"--scorer_accelerator={L4}", scorer=tiny_scorer).to_runner_api()
    asking = asking_for_a_gpu(proto)
    assert "Score/RunInference/BeamML_RunInference" in asking
    assert all(name.startswith("Score/RunInference") for name in asking)
    assert asking_for_a_gpu(graph(scorer=tiny_scorer).to_runner_api()) == set()


def test_processes_of_one_machine_are_dealt_batches_and_not_whole_buckets(tiny_scorer):
    def grouped(*flags: str) -> list[str]:
        transforms = graph(*flags, scorer=tiny_scorer).to_runner_api().components.transforms.values()
        return [t.unique_name for t in transforms if t.spec.urn == "beam:transform:group_by_key:v1"]

    processes = grouped("--direct_running_mode=multi_processing", "--direct_num_workers=2")
    assert [name for name in processes if name.startswith("Score/")] == ["Score/OneByOne/Group"]
    # A service moves work by itself: there the texts don't cross another shuffle.
    assert not [name for name in grouped() if name.startswith("Score/")]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--scorer_accelerator=nvidia-l4"], "is not of the form type:nvidia-l4;count:1"),
        (["--scoring=none"], "--scorer_accelerator: with --scoring=none nothing is scored"),
        (
            ["--dataflow_service_options=worker_accelerator=type:nvidia-l4;count:1"],
            "gives every worker one: leave one of them out",
        ),
    ],
)
def test_a_gpu_that_makes_no_sense_is_refused(flags, message, tiny_scorer):
    with pytest.raises(UsageError, match=message):
        graph(f"--scorer_accelerator={L4}", *flags, scorer=tiny_scorer)


def test_the_graph_of_a_whole_crawl_is_small(tiny_scorer, tmp_path):
    paths = tmp_path / "wet.paths.gz"
    name = (
        "crawl-data/CC-MAIN-2026-43/segments/1/wet/CC-MAIN-20261001000000-20261001030000-{:05d}.warc.wet.gz"
    )
    with gzip.open(paths, "wt") as file:
        file.writelines(name.format(i) + "\n" for i in range(90_000))
    prefix = "--path_prefix=gs://crawl/"
    shipped, few = (
        graph(prefix, scorer=tiny_scorer, input=i).to_runner_api().ByteSize()
        for i in (str(paths), "crawl/*.warc.wet.gz")
    )
    assert shipped < 500_000
    assert shipped < few + 10_000
    own = parse_profile(built_in("reference-en") or "", "own").model_copy(update={"name": "own"})
    (tmp_path / "own.json").write_text(own.model_dump_json())
    profile = f"--profile={tmp_path / 'own.json'}"
    travelling = graph(prefix, profile, scorer=tiny_scorer, input=str(paths)).to_runner_api().ByteSize()
    # A profile of one's own travels once: 0.7 MB, its coefficients in base64.
    assert travelling < shipped + 750_000


@pytest.mark.parametrize("name", ["seed", "reference-en"])
def test_a_profile_is_the_built_in_one_in_every_field_or_it_travels_itself(name):
    shipped = parse_profile(built_in(name) or "", name)
    assert is_built_in(shipped)
    assert not is_built_in(shipped.model_copy(update={"can_enforce": not shipped.can_enforce}))
    assert not is_built_in(shipped.model_copy(update={"name": "own"}))


def test_portable_flink_takes_the_graph(tiny_scorer):
    flags = ("--runner=FlinkRunner", "--environment_type=LOOPBACK")
    pipeline = graph(*flags, scorer=tiny_scorer)
    options = PipelineOptions([*flags])
    proto = FlinkRunner().get_proto_pipeline(pipeline, options)
    transforms = proto.components.transforms
    leaves = {t.spec.urn for t in transforms.values() if not t.subtransforms and t.spec.urn}
    assert leaves <= PRIMITIVES, leaves - PRIMITIVES
    # Every coder is one of Beam's own form or of our SDK, and the proto reads back.
    context = PipelineContext(proto.components)
    for id in proto.components.coders:
        assert context.coders.get_by_id(id) is not None
    outermost = {transforms[id].unique_name for id in transforms[proto.root_transform_ids[0]].subtransforms}
    assert outermost >= {"ReadDocuments", "Score", "FinishRun"}


def test_a_path_in_the_graph_is_no_path_of_this_machine():
    """The code is shipped as an image: a graph that names a file of the launcher fails on a worker."""
    content = graph(scorer="reference-en").to_runner_api().SerializeToString()
    assert str(Path(__file__).parents[2]).encode() not in content

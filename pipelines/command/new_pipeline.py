"""The one way in which a job makes a pipeline: our structs travel by their own coders."""

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from wellspring.transforms.beam.coders import register_struct_coders


def new_pipeline(options: PipelineOptions) -> beam.Pipeline:
    """An empty pipeline.

    Beam pickles a struct whose coder it doesn't know, which is larger, slower and no key to group by.
    """
    register_struct_coders()
    return beam.Pipeline(options=options)

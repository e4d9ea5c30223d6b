"""The public face of Wellspring: the names in `__all__` are what others may import. All else is private, and
may change between versions.

    from wellspring import Document, ReadDocuments, batch_entropy_audit

A name is loaded when it is asked for: `import wellspring` is quick, and what needs no Beam doesn't load it.
"""

import importlib
from typing import TYPE_CHECKING

from wellspring.schemas import CODE_VERSION

if TYPE_CHECKING:
    from wellspring.schemas import SCHEMA_VERSION as SCHEMA_VERSION
    from wellspring.schemas.audit import Audit as Audit
    from wellspring.schemas.audit import Ticket as Ticket
    from wellspring.schemas.batch import AuditedBatch as AuditedBatch
    from wellspring.schemas.batch import LabelledBatch as LabelledBatch
    from wellspring.schemas.batch import MeasuredDocument as MeasuredDocument
    from wellspring.schemas.batch import ScoredBatch as ScoredBatch
    from wellspring.schemas.batch import TrainingBatch as TrainingBatch
    from wellspring.schemas.document import Document as Document
    from wellspring.schemas.document import HeldDocument as HeldDocument
    from wellspring.schemas.document import PublishedDocument as PublishedDocument
    from wellspring.schemas.label import PROVENANCE_LABELS as PROVENANCE_LABELS
    from wellspring.schemas.manifest import Manifest as Manifest
    from wellspring.schemas.measurements import Measurements as Measurements
    from wellspring.schemas.profile import Profile as Profile
    from wellspring.schemas.reject import Reject as Reject
    from wellspring.schemas.sources import SourceEntry as SourceEntry
    from wellspring.signals.entropy import batch_entropy_audit as batch_entropy_audit
    from wellspring.signals.lm.scorer import Scorer as Scorer
    from wellspring.signals.lm.tokenization import load_tokenizer as load_tokenizer
    from wellspring.signals.provenance import ProvenanceClassifier as ProvenanceClassifier
    from wellspring.transforms.curate.assemble_batches import AssembleBatches as AssembleBatches
    from wellspring.transforms.curate.assemble_batches import CountStrata as CountStrata
    from wellspring.transforms.curate.audit_entropy import AuditEntropy as AuditEntropy
    from wellspring.transforms.curate.label import Label as Label
    from wellspring.transforms.curate.measure import Measure as Measure
    from wellspring.transforms.curate.read_documents import ReadDocuments as ReadDocuments
    from wellspring.transforms.curate.score import Score as Score
    from wellspring.transforms.curate.unique_documents import UniqueDocuments as UniqueDocuments

# For type checkers the imports above, for Python this: a test holds them to be the same.
_HOMES = {
    "schemas": "SCHEMA_VERSION",
    "schemas.audit": "Audit Ticket",
    "schemas.batch": "AuditedBatch LabelledBatch MeasuredDocument ScoredBatch TrainingBatch",
    "schemas.document": "Document HeldDocument PublishedDocument",
    "schemas.label": "PROVENANCE_LABELS",
    "schemas.manifest": "Manifest",
    "schemas.measurements": "Measurements",
    "schemas.profile": "Profile",
    "schemas.reject": "Reject",
    "schemas.sources": "SourceEntry",
    "signals.entropy": "batch_entropy_audit",
    "signals.lm.scorer": "Scorer",
    "signals.lm.tokenization": "load_tokenizer",
    "signals.provenance": "ProvenanceClassifier",
    "transforms.curate.assemble_batches": "AssembleBatches CountStrata",
    "transforms.curate.audit_entropy": "AuditEntropy",
    "transforms.curate.label": "Label",
    "transforms.curate.measure": "Measure",
    "transforms.curate.read_documents": "ReadDocuments",
    "transforms.curate.score": "Score",
    "transforms.curate.unique_documents": "UniqueDocuments",
}
_MODULES = {name: f"wellspring.{module}" for module, names in _HOMES.items() for name in names.split()}

__version__ = CODE_VERSION

__all__ = sorted([*_MODULES, "__version__"])


def __getattr__(name: str) -> object:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module 'wellspring' has no attribute {name!r}")
    if module.startswith("wellspring.transforms."):
        # Whoever builds a pipeline of these transforms gets our structs' own coders.
        from wellspring.transforms.beam.coders import register_struct_coders

        register_struct_coders()
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)

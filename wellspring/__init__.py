"""The public face of Wellspring: what others may import. All else may change between versions.

from wellspring import Document, ReadDocuments, batch_entropy_audit
"""

from wellspring.schemas import CODE_VERSION, SCHEMA_VERSION
from wellspring.schemas.audit import Audit, Ticket
from wellspring.schemas.batch import AuditedBatch, LabelledBatch, MeasuredDocument, ScoredBatch, TrainingBatch
from wellspring.schemas.document import Document, HeldDocument, PublishedDocument
from wellspring.schemas.label import PROVENANCE_LABELS
from wellspring.schemas.manifest import Manifest
from wellspring.schemas.measurements import Measurements
from wellspring.schemas.profile import Profile
from wellspring.schemas.reject import Reject
from wellspring.schemas.sources import SourceEntry
from wellspring.signals.entropy import batch_entropy_audit
from wellspring.signals.lm.scorer import Scorer
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.signals.provenance import ProvenanceClassifier
from wellspring.transforms.beam.coders import register_struct_coders
from wellspring.transforms.curate.assemble_batches import AssembleBatches, CountStrata
from wellspring.transforms.curate.audit_entropy import AuditEntropy
from wellspring.transforms.curate.label import Label
from wellspring.transforms.curate.measure import Measure
from wellspring.transforms.curate.read_documents import ReadDocuments
from wellspring.transforms.curate.score import Score
from wellspring.transforms.curate.unique_documents import UniqueDocuments

# Whoever builds a pipeline of these transforms gets our structs' own coders.
register_struct_coders()

__version__ = CODE_VERSION

__all__ = [
    "PROVENANCE_LABELS",
    "SCHEMA_VERSION",
    "AssembleBatches",
    "Audit",
    "AuditEntropy",
    "AuditedBatch",
    "CountStrata",
    "Document",
    "HeldDocument",
    "Label",
    "LabelledBatch",
    "Manifest",
    "Measure",
    "MeasuredDocument",
    "Measurements",
    "Profile",
    "ProvenanceClassifier",
    "PublishedDocument",
    "ReadDocuments",
    "Reject",
    "Score",
    "ScoredBatch",
    "Scorer",
    "SourceEntry",
    "Ticket",
    "TrainingBatch",
    "UniqueDocuments",
    "__version__",
    "batch_entropy_audit",
    "load_tokenizer",
]

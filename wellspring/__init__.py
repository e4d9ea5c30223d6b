"""The public face of Wellspring: what others may import. All else may change between versions.

from wellspring import Document, ReadDocuments, batch_entropy_audit
"""

from schemas import CODE_VERSION, SCHEMA_VERSION
from schemas.audit import Audit
from schemas.batch import MeasuredDocument, ScoredBatch, TrainingBatch
from schemas.document import Document, HeldDocument, PublishedDocument
from schemas.judgement import AuditedBatch, LabelledBatch
from schemas.label import PROVENANCE_LABELS
from schemas.manifest import Manifest
from schemas.measurements import Measurements
from schemas.profile import Profile
from schemas.reject import Reject
from schemas.sources import SourceEntry
from schemas.ticket import Ticket
from signals.entropy import batch_entropy_audit
from signals.provenance import ProvenanceClassifier
from signals.scorer import Scorer
from signals.tokenization import load_tokenizer
from transforms.assemble_batches import AssembleBatches, CountStrata
from transforms.audit_entropy import AuditEntropy
from transforms.coders import register_struct_coders
from transforms.label import Label
from transforms.measure import Measure
from transforms.read_documents import ReadDocuments
from transforms.score import Score
from transforms.unique_documents import UniqueDocuments

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

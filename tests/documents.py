"""Made-up documents, batches and profiles for the tests."""

from wellspring.schemas.batch import MeasuredDocument, TrainingBatch
from wellspring.schemas.document import Document
from wellspring.schemas.measurements import Measurements
from wellspring.signals.entropy import pack_ids


def measurements(id: str = "a", **values: object) -> Measurements:
    """Measurements of an ordinary English document, with some of them set."""
    ordinary = {
        "id": id,
        "language": "en",
        "bytes": 900,
        "tokens": 200,
        "words": 160,
        "sentences": 9,
        "burstiness": 0.5,
        "type_token_ratio": 0.6,
        "mattr": 0.8,
        "scored_tokens": 200,
        "nll": 900.0,
        "perplexity": 90.0,
        "surprisal_variance": 9.0,
        "curvature": 0.1,
        "log_rank": 2.5,
    }
    return Measurements(**(ordinary | values))


def document(id: str = "a", **values: object) -> Document:
    ordinary = {
        "id": id,
        "text": f"The text of {id}.",
        "source": "web-archive",
        "url": f"https://www.example.org/{id}",
        "date": "2026-01-05T12:00:00Z",
        "language": "en",
        "file_path": "crawl/a.warc.wet.gz",
        "offset": 0,
    }
    return Document(**(ordinary | values))


def measured(id: str = "a", token_ids: tuple[int, ...] = (1, 2, 3, 4), **values: object) -> MeasuredDocument:
    return MeasuredDocument(
        document=document(id), token_ids=pack_ids(token_ids), measurements=measurements(id, **values)
    )


def batch(documents: list[MeasuredDocument], **values: object) -> TrainingBatch:
    ordinary = {
        "batch_id": "0" * 32,
        "window_start": "2026-01-05",
        "window_end": "2026-01-06",
        "stratum": {"source": "web-archive", "language": "en"},
        "gated": True,
        "documents": documents,
    }
    return TrainingBatch(**(ordinary | values))

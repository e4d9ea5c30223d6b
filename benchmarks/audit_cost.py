"""What the audit of batches adds to tokenizing and measuring, without the language model: at most 5%."""

import statistics
import time
from typing import Any

from benchmarks.child import run_in_child
from benchmarks.corpus import MB, texts
from wellspring.schemas.batch import MeasuredDocument, TrainingBatch
from wellspring.schemas.document import Document
from wellspring.schemas.label import Label
from wellspring.signals.batch.audit import audit_batch
from wellspring.signals.batch.batch_sums import batch_estimates, batch_sums
from wellspring.signals.batch.tail_coverage import load_tail_reference
from wellspring.signals.lm.measuring import measure_documents
from wellspring.signals.lm.model_folder import REFERENCE_EN
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.signals.verdict.profiles import SEED

GOAL = 0.05
_SIZES = (100, 256)
_LABEL = Label(
    provenance="human_unverified", verdict="LIKELY_HUMAN", confidence="LOW", probability=0.3, reasons=[]
)


def measure(text_bytes: int, batch_documents: int) -> dict[str, float]:
    """Seconds of processor time for tokenizing and measuring, for the audit, and for its two halves."""
    tokenizer, tail = load_tokenizer(REFERENCE_EN), load_tail_reference(REFERENCE_EN)
    seconds = dict.fromkeys(("measure", "audit", "sums", "estimates"), 0.0)
    size = documents = 0
    for number, chunk in enumerate(_chunks(text_bytes, batch_documents)):
        size += sum(len(document.text.encode()) for document in chunk)
        documents += len(chunk)
        start = time.process_time()
        measured = measure_documents(chunk, tokenizer)
        seconds["measure"] += time.process_time() - start
        batch = TrainingBatch(
            batch_id=str(number),
            window_start="2026-11-09",
            window_end="2026-11-10",
            stratum={"source": "made", "language": "en"},
            gated=True,
            documents=[one for one in measured if isinstance(one, MeasuredDocument)],
        )
        labels = [_LABEL] * len(batch.documents)
        start = time.process_time()
        audit_batch(
            batch,
            labels,
            profile=SEED,
            gate="monitor",
            vocab_size=tokenizer.vocab_size,
            scorer=None,
            tail=tail,
        )
        seconds["audit"] += time.process_time() - start
        start = time.process_time()
        sums = batch_sums(batch.documents, [0.3] * len(labels), vocab_size=tokenizer.vocab_size, tail=tail)
        seconds["sums"] += time.process_time() - start
        start = time.process_time()
        batch_estimates(sums, tail)
        seconds["estimates"] += time.process_time() - start
    return {**seconds, "bytes": float(size), "documents": float(documents)}


def _chunks(text_bytes: int, batch_documents: int) -> list[list[Document]]:
    made: list[Document] = []
    size = 0
    for number, text in enumerate(texts()):
        made.append(
            Document(id=f"d{number}", text=text, source="made", language="en", file_path="", offset=number)
        )
        size += len(text.encode())
        if size >= text_bytes:
            break
    return [made[i : i + batch_documents] for i in range(0, len(made), batch_documents)]


def run(runs: int = 5, text_bytes: int = 6 * MB) -> dict[str, Any]:
    """Measures batches of 100 and of 256 documents in turn, each in a process of its own."""
    costs: dict[int, list[dict[str, float]]] = {size: [] for size in _SIZES}
    for _ in range(runs):
        for size in _SIZES:
            costs[size].append(run_in_child("benchmarks.audit_cost:measure", text_bytes, size).value)
    ratio = {size: statistics.median(c["audit"] / c["measure"] for c in of) for size, of in costs.items()}
    return {
        "what": "the audit of a batch, all signals with their intervals, beside tokenizing and measuring it",
        "goal": f"at most {GOAL:.0%}",
        "measured": ", ".join(f"{share:.1%} for batches of {size}" for size, share in ratio.items()),
        "met": max(ratio.values()) <= GOAL,
        "ratio": {str(size): share for size, share in ratio.items()},
        "milliseconds_a_batch": {
            str(size): {
                stage: round(statistics.median(1e3 * c[stage] * size / c["documents"] for c in of), 2)
                for stage in ("measure", "audit", "sums", "estimates")
            }
            for size, of in costs.items()
        },
        "text_bytes": text_bytes,
        "runs": runs,
    }

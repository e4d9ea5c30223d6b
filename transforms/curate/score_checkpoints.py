"""Scored batches kept while a run goes on: after its death the next one takes them up from here.

Scoring is what a run costs. Each batch's scores are laid aside in the run's `.unfinished/` as soon as they
are there, under a hash of all that they follow from. So whatever is found belongs to this very batch, scorer
and kind of machine, and a run that takes it up ends with the bytes of one that was never disturbed.
"""

import contextlib
import logging
from collections.abc import Sequence

import msgspec
import xxhash
import zstandard

from wellspring.schemas.batch import ScoredBatch, TrainingBatch
from wellspring.schemas.measurements import Measurements
from wellspring.schemas.reject import Reject
from wellspring.schemas.scorer import ScorerFingerprint
from wellspring.transforms.storage.publish import publish
from wellspring.transforms.storage.storage import UNFINISHED, open_storage

SCORES = f"{UNFINISHED}/scores"

_encoder = msgspec.msgpack.Encoder()


class _Scored(msgspec.Struct, frozen=True):
    """What scoring adds to a document that stays in the batch, by its place in the batch before."""

    place: int
    measurements: Measurements
    token_surprisals: bytes | None


class _Scores(msgspec.Struct, frozen=True):
    documents: list[_Scored]
    rejects: list[Reject]
    scored_on: str | None
    scoring_milliseconds: int


_decoder = msgspec.msgpack.Decoder(_Scores)


class ScoreCheckpoints:
    """The scores that a run keeps until its end.

    Args:
        run: the run's folder.
    """

    def __init__(self, run: str) -> None:
        self._run = run

    def path(self, batch: TrainingBatch, chosen: Sequence[bool], scorer: ScorerFingerprint) -> str:
        """Where the scores of a batch are kept; `chosen` says which documents the model is run on."""
        follows_from = (batch, list(chosen), scorer.device, scorer.instruction_set)
        digest = xxhash.xxh3_128_hexdigest(_encoder.encode(follows_from))
        return f"{SCORES}/{scorer.id}/{batch.batch_id}-{digest}"

    def load(self, path: str, batch: TrainingBatch) -> ScoredBatch | None:
        """The scored batch, as it was kept; None where nothing is, or what is there was damaged."""
        try:
            content = open_storage(self._run).read(path)
        except FileNotFoundError:
            return None
        try:
            scores = _decoder.decode(zstandard.ZstdDecompressor().decompress(content))
        except (zstandard.ZstdError, msgspec.MsgspecError) as error:
            logging.getLogger(__name__).warning("%s/%s is scored again: %s", self._run, path, error)
            return None
        documents = [
            msgspec.structs.replace(
                batch.documents[one.place],
                measurements=one.measurements,
                token_surprisals=one.token_surprisals,
            )
            for one in scores.documents
        ]
        return ScoredBatch(
            batch=msgspec.structs.replace(batch, documents=documents),
            rejects=scores.rejects,
            scored_on=scores.scored_on,
            scoring_milliseconds=scores.scoring_milliseconds,
        )

    def keep(self, path: str, batch: TrainingBatch, scored: ScoredBatch) -> None:
        """Lays the scores aside. Of two workers that do so the first or the last is kept: either will do."""
        places = {document.document.id: place for place, document in enumerate(batch.documents)}
        scores = _Scores(
            [
                _Scored(places[d.document.id], d.measurements, d.token_surprisals)
                for d in scored.batch.documents
            ],
            scored.rejects,
            scored.scored_on,
            scored.scoring_milliseconds,
        )
        content = zstandard.ZstdCompressor(level=1).compress(_encoder.encode(scores))
        # In a bucket another worker's may lie there, from a GPU whose last bits differ: it is as good.
        with contextlib.suppress(FileExistsError):
            publish(self._run, path, content, 0)

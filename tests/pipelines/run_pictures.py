"""A made-up run for the tests of the report: plausible numbers, the same every time."""

import hashlib
import itertools
import json
import math
from datetime import date, timedelta

import msgspec

from wellspring.schemas.audit import HOLD_FOR_REVIEW, PROCEED, Audit
from wellspring.schemas.label import HUMAN_UNVERIFIED, HUMAN_VERIFIED, SYNTHETIC_KNOWN, SYNTHETIC_SUSPECTED
from wellspring.schemas.manifest import FileEntry, Histogram, Manifest, SourceCounts
from wellspring.schemas.scorer import ScorerFingerprint

FIRST_CRAWL = date(2026, 9, 4)
FLOOR = 2.31


def unit(*key: object) -> float:
    """A number in [0, 1) from the hash of its key."""
    digest = hashlib.sha256(json.dumps(key).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def normal(*key: object) -> float:
    """Roughly standard normal: the sum of twelve uniforms."""
    return sum(unit(*key, i) for i in range(12)) - 6


def histogram(
    low: float, high: float, centre: float, spread: float, documents: int, undefined: int
) -> Histogram:
    edges = [low + (high - low) * i / 30 for i in range(31)]
    weights = [math.exp(-0.5 * (((a + b) / 2 - centre) / spread) ** 2) for a, b in itertools.pairwise(edges)]
    counts = [round(documents * w / sum(weights)) for w in weights]
    return Histogram(edges=edges, counts=counts, undefined=undefined)


def audit(**changes: object) -> Audit:
    """One batch that passed, with whatever is changed."""
    plain = Audit(
        batch_id="9f2c41d07be3a856",
        window_start="2026-09-04",
        window_end="2026-09-10",
        stratum='{"source": "wiki", "language": "en"}',
        source="wiki",
        language="en",
        documents=256,
        tokens=240_000,
        entropy_bits=8.9,
        type_token_ratio=0.12,
        below_floor=False,
        synthetic_risk="LOW",
        action=PROCEED,
        gated=True,
        held=False,
        signal="surprisal_spread",
        value=2.6,
        limit=FLOOR,
        direction="below",
        interval_low=2.5,
        interval_high=2.7,
        basis="limit of the stratum",
        cross_entropy_bits=6.1,
        surprisal_spread=2.6,
        curvature=1.2,
        log_rank=2.2,
        mean_log_odds=-1.5,
        suspected_share=0.05,
        profile="demo",
        scorer="ab12cd34ef56ab78",
    )
    return msgspec.structs.replace(plain, **changes)


def audits(gate: str = "enforce", sources: int = 4, windows: int = 8, per_window: int = 3) -> list[Audit]:
    """Batches of some sources over weekly crawls, with a spell of machine text in the last one."""
    made = []
    for source in range(sources):
        name = (
            ("pydoc", "wiki", "forum.example", "news.example")[source]
            if source < 4
            else f"site-{source}.example"
        )
        for window in [*range(windows), None]:
            start = None if window is None else FIRST_CRAWL + timedelta(days=7 * window)
            for index in range(per_window if window is not None else 1):
                key = (source, window, index)
                sick = source == 3 and window is not None and window >= windows - 3 and index < 2
                value = 2.75 - 0.1 * source - (0.5 if sick else 0) + 0.06 * normal(*key, "value")
                limit = FLOOR - 0.08 * source
                gated = window is not None or source != 2
                hold = gated and value < limit
                made.append(
                    audit(
                        batch_id=hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16],
                        window_start=None if start is None else start.isoformat(),
                        window_end=None if start is None else (start + timedelta(days=6)).isoformat(),
                        stratum=json.dumps({"source": name, "language": "en"}),
                        source=name,
                        entropy_bits=8.8 + 0.2 * normal(*key, "unigram") - (0.6 if sick else 0),
                        action=HOLD_FOR_REVIEW if hold else PROCEED,
                        gated=gated,
                        held=hold and gate == "enforce",
                        value=value,
                        limit=limit,
                        interval_low=value - 0.09,
                        interval_high=value + 0.08,
                        surprisal_spread=value,
                        suspected_share=0.7 if sick else 0.05 + 0.03 * unit(*key),
                        basis="limit of the stratum"
                        if gated
                        else "not gated: the stratum is smaller than half a batch",
                    )
                )
    return made


def manifest(made: list[Audit], gate: str = "enforce", profile: str = "demo", **changes: object) -> Manifest:
    """A manifest that fits those audits and adds up."""
    held_batches = sum(a.held for a in made)
    labelled = {
        HUMAN_VERIFIED: 9_216,
        HUMAN_UNVERIFIED: 11_904,
        SYNTHETIC_KNOWN: 1_280,
        SYNTHETIC_SUSPECTED: 1_633,
    }
    rejected = {
        "too_short": 4_210,
        "duplicate": 1_954,
        "not_html": 812,
        "empty": 75,
        "malformed": 3,
        "odd_one": 1,
    }
    held = 256 * held_batches
    rest = SourceCounts(
        read=31_088 + held - 9_000, labelled=24_033 - 8_000, held=held, rejected=7_055 - 1_000
    )
    plain = Manifest(
        records_read=31_088 + held,
        labelled=labelled,
        held=held,
        rejected=rejected,
        files_read=42,
        files_damaged={
            "crawl/CC-MAIN-20261107-00012.warc.wet.gz": "cut: gzip member ends early at byte 1,048,576"
        },
        batches=len(made),
        batches_held=held_batches,
        tokens=28_734_112,
        scorer=ScorerFingerprint(
            model="reference-en",
            revision=None,
            weights_sha256="5e" * 32,
            tokenizer_sha256="1c" * 32,
            dtype="bfloat16",
            window=512,
            stride=384,
            formula=1,
        ),
        profile=profile,
        gate=gate,
        code_version="0.1.0+c5b8abc",
        started="2026-11-23T09:14:05+00:00",
        finished="2026-11-23T10:02:47+00:00",
        files={"documents/provenance=human_verified/00000.parquet": FileEntry(rows=9_216, sha256="77" * 32)},
        by_source={
            "pydoc": SourceCounts(read=9_000, labelled=8_000, held=0, rejected=1_000),
            "forum.example": rest,
        },
        histograms={
            signal: {
                label: histogram(low, high, centre + shift * (high - low), spread, count, count // 50)
                for (label, count), shift in zip(labelled.items(), (0.05, 0.0, -0.18, -0.13), strict=True)
            }
            for signal, low, high, centre, spread in (
                ("mattr", 0.4, 1.0, 0.78, 0.05),
                ("perplexity", 0, 150, 62, 18),
                ("bits_per_byte", 0, 3, 1.5, 0.3),
                ("curvature", -2, 6, 1.6, 0.9),
                ("burstiness", 0, 1.5, 0.62, 0.2),
                ("type_token_ratio", 0, 1, 0.5, 0.12),
            )
        },
        conflicts=12,
        renamed_ids=2,
        scored_on={"cpu AVX512": 1000},
        tokens_scored=1,
        profile_sha256="a0" * 32,
        batch_documents=256,
        batch_by=["source", "language"],
        window_days=7,
        parameters={
            "input": "crawl/*.warc.wet.gz",
            "output": "runs/2026-47",
            "profile": profile,
            "gate": gate,
        },
    )
    return msgspec.structs.replace(plain, **changes)

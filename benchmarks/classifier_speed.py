"""Judging without the language model: at least 2,000 documents of 250 words a second on one core.

Counted: words, sentences and their statistics, the range of prose, n-grams, probability, verdict, reasons.
Language and tokenizing are steps of their own and printed beside. One process, one thread, processor time.
"""

import statistics
import time
from itertools import islice
from typing import Any

from benchmarks.corpus import texts
from wellspring.schemas.measurements import Measurements
from wellspring.signals.calibration.classifier_limits import cut_to_words
from wellspring.signals.lm.model_folder import REFERENCE_EN
from wellspring.signals.lm.tokenization import load_tokenizer
from wellspring.signals.text.language import detect_language
from wellspring.signals.text.text_measurements import measure_text
from wellspring.signals.verdict.classifier import ClassifierJudge
from wellspring.signals.verdict.profiles import built_in, parse_profile

GOAL = 2000
WORDS = 250


def run(runs: int = 7, documents: int = 2000) -> dict[str, Any]:
    """Documents a second, median of `runs`."""
    sample = documents_of(WORDS, documents)
    profile = parse_profile(built_in(REFERENCE_EN) or "", REFERENCE_EN)
    judge, tokenizer = ClassifierJudge(profile), load_tokenizer(REFERENCE_EN)
    stages: dict[str, list[float]] = {"measure": [], "judge": [], "language": [], "tokenize": []}
    for _ in range(runs):
        clock = time.process_time()
        measured = [measure_text(str(i), text, language="en", tokens=300) for i, text in enumerate(sample)]
        clock = _lap(stages["measure"], clock, documents)
        abstained = _judge_all(judge, sample, measured)
        clock = _lap(stages["judge"], clock, documents)
        for text in sample:
            detect_language(text)
        clock = _lap(stages["language"], clock, documents)
        tokenizer.encode_batch(sample)
        _lap(stages["tokenize"], clock, documents)
    cost = {stage: statistics.median(times) for stage, times in stages.items()}
    rate = 1 / (cost["measure"] + cost["judge"])
    return {
        "what": f"documents of {WORDS} words measured and judged per second, one core, no language model",
        "goal": f"at least {GOAL:,}",
        "measured": f"{rate:,.0f} documents/s",
        "met": rate >= GOAL,
        "runs": runs,
        "abstained": abstained,
        "microseconds": {stage: round(1e6 * seconds, 1) for stage, seconds in cost.items()},
        "lines": [f"{1e6 * seconds:6.0f} us per document: {stage}" for stage, seconds in cost.items()],
    }


def documents_of(words: int, count: int) -> list[str]:
    """The first so many words of different texts, line breaks kept."""
    long = (text for text in texts() if len(text.split()) >= words)
    return [cut_to_words(text, words) for text in islice(long, count)]


def _judge_all(judge: ClassifierJudge, sample: list[str], measured: list[Measurements]) -> int:
    verdicts = [judge(text, m) for text, m in zip(sample, measured, strict=True)]
    return sum(verdict.verdict == "ABSTAIN" for verdict in verdicts)


def _lap(times: list[float], since: float, documents: int) -> float:
    now = time.process_time()
    times.append((now - since) / documents)
    return now

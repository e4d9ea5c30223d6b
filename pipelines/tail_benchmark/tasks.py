"""A tail benchmark as tasks of lm-evaluation-harness (0.4.4 and later): one a set and domain."""

from collections.abc import Sequence
from typing import Any

import msgspec
import yaml

from wellspring.schemas.tail_benchmark import SETS, TailItem

FOLDER = "lm_eval"
_HEAD = """\
# Run from this folder, since the data file is named relative to it:
#   lm_eval --model hf --model_args pretrained=MODEL --include_path . --tasks wellspring_tail,wellspring_head
# acc_bytes is the accuracy that `wellspring tails score` reports.
"""


def task_files(items: Sequence[TailItem]) -> dict[str, tuple[bytes, int]]:
    """Path -> (content, items) of each task's settings and data."""
    files: dict[str, tuple[bytes, int]] = {}
    for set_ in SETS:
        for domain in sorted({item.domain for item in items}):
            chosen = [item for item in items if item.set == set_ and item.domain == domain]
            name = f"wellspring_{set_}_{domain}"
            data = b"".join(msgspec.json.encode(item) + b"\n" for item in chosen)
            files[f"{FOLDER}/{name}.jsonl"] = (data, len(chosen))
            settings = yaml.safe_dump(_task(name, set_), sort_keys=False, width=100)
            files[f"{FOLDER}/{name}.yaml"] = ((_HEAD + settings).encode(), len(chosen))
    return files


def _task(name: str, set_: str) -> dict[str, Any]:
    return {
        "task": name,
        "tag": f"wellspring_{set_}",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": f"{name}.jsonl"}},
        "test_split": "test",
        "output_type": "multiple_choice",
        "doc_to_text": "{{context}}",
        "doc_to_choice": "choices",
        "doc_to_target": "answer",
        "target_delimiter": " ",
        "num_fewshot": 0,
        "metric_list": [
            {"metric": metric, "aggregation": "mean", "higher_is_better": True}
            for metric in ("acc", "acc_norm", "acc_bytes")
        ],
        "metadata": {"version": 1.0},
    }

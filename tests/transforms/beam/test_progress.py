import multiprocessing

from wellspring.transforms.beam.progress import Progress


def _work(folder: str) -> None:
    progress = Progress(folder)
    for _ in range(50):
        progress.add("read", bytes=10, documents=1)


def test_counts_of_several_processes_add_up(tmp_path):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(_work, [str(tmp_path)] * 2)
    Progress(str(tmp_path)).add("scored", tokens=3)
    totals = Progress(str(tmp_path)).totals()
    assert totals == {"read": {"bytes": 1000, "documents": 100}, "scored": {"tokens": 3}}


def test_nothing_yet_is_nothing(tmp_path):
    assert Progress(str(tmp_path)).totals() == {}

import pytest

from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.run_folder import check_run_folder, start_run_folder
from wellspring.transforms.storage.storage import UNFINISHED


def finished(run):
    for name in ("manifest.json", "report.html", "documents/provenance=human_verified/part-0.parquet"):
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_text("{}")


def test_a_new_or_empty_folder_is_fine(tmp_path):
    check_run_folder(str(tmp_path / "new"), overwrite=False)
    check_run_folder(str(tmp_path), overwrite=False)


def test_a_finished_run_is_refused_unless_overwrite(tmp_path):
    finished(tmp_path)
    with pytest.raises(UsageError, match="holds a finished run.*--overwrite"):
        check_run_folder(str(tmp_path), overwrite=False)
    check_run_folder(str(tmp_path), overwrite=True)


def test_a_folder_of_other_things_is_refused_even_with_overwrite(tmp_path):
    (tmp_path / "thesis.doc").write_text("years of work")
    with pytest.raises(UsageError, match="is not empty and holds no run"):
        check_run_folder(str(tmp_path), overwrite=True)


@pytest.mark.parametrize("name", ["decisions/1/1.json", "releases/1.json"])
def test_what_people_decided_is_never_overwritten(tmp_path, name):
    finished(tmp_path)
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text("{}")
    with pytest.raises(UsageError, match="holds people's decisions"):
        check_run_folder(str(tmp_path), overwrite=True)


def test_starting_clears_what_is_ours_and_nothing_else(tmp_path):
    finished(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    start_run_folder(str(tmp_path))
    assert sorted(p.name for p in tmp_path.iterdir()) == [UNFINISHED, "notes.txt"]


def test_a_run_that_died_can_be_started_again(tmp_path):
    start_run_folder(str(tmp_path))
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents/part.parquet").write_text("half a run")
    check_run_folder(str(tmp_path), overwrite=False)
    start_run_folder(str(tmp_path))
    assert not (tmp_path / "documents").exists()

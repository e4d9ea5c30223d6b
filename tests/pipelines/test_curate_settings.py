"""What goes together, and what is refused before anything is read."""

import json

import pytest

from wellspring.pipelines.command.arguments import UsageError
from wellspring.pipelines.command.beam_options import parse_arguments
from wellspring.pipelines.curate_settings import settle
from wellspring.pipelines.flags.curate import parser
from wellspring.schemas.profile import Gate, Limit
from wellspring.signals.lm.scorer_fingerprint import scorer_fingerprint
from wellspring.signals.verdict.profiles import SEED


@pytest.fixture
def profile(tmp_path, tiny_scorer):
    """Writes a profile that may enforce with the tiny scorer at batches of 256, with some changes."""

    def write(**changes):
        values = {
            "name": "own",
            "can_enforce": True,
            "scorer": scorer_fingerprint(tiny_scorer).id,
            "batch_documents": 256,
            "gate": Gate(
                signal="cross_entropy_bits",
                direction="below",
                languages={"en": Limit(limit=5, batches=9, mean=6, spread=0.3)},
            ),
        }
        path = tmp_path / "profile.json"
        path.write_text(SEED.model_copy(update=values | changes).model_dump_json())
        return f"--profile={path}"

    return write


@pytest.fixture
def settled(tiny_scorer):
    def settle_flags(*flags):
        argv = ["--input=a", "--output=b", f"--scorer={tiny_scorer}", *flags]
        return settle(*parse_arguments(parser(), argv))

    return settle_flags


def test_the_defaults_only_monitor(settled, tiny_scorer):
    settings = settled()
    assert (settings.gate, settings.profile.name, settings.batch_documents) == (
        "monitor",
        "reference-en",
        256,
    )
    assert settings.batch_by == ["source", "language"]
    assert settings.fingerprint == scorer_fingerprint(tiny_scorer)
    assert "calibrated for scorer" in settings.warnings[0]


def test_the_profiles_own_scorer_is_the_default(tiny_scorer):
    arguments = parse_arguments(parser(), ["--input=a", "--output=b"])
    settings = settle(*arguments)
    assert settings.scorer == "reference-en,reference-en-machine"
    assert settings.scorer_id == settings.profile.scorer
    assert settings.warnings == []


def test_a_calibrated_profile_enforces(settled, profile):
    assert settled(profile(), "--gate=enforce").warnings == []


@pytest.mark.parametrize(
    ("changes", "flags", "message"),
    [
        ({"can_enforce": False}, [], "profile own is not calibrated and can only monitor"),
        ({"scorer": "f" * 16}, [], "was calibrated for scorer ffffffffffffffff, this is"),
        ({"batch_documents": 64}, [], "was calibrated for batches of 64 documents, not 256"),
        ({}, ["--batch_documents=8"], "was calibrated for batches of 256 documents, not 8"),
        ({}, ["--scoring=none"], "gates on cross_entropy_bits, which needs --scoring=all"),
    ],
)
def test_a_profile_that_does_not_fit_is_an_error_under_enforce_and_a_warning_under_monitor(
    changes, flags, message, settled, profile
):
    with pytest.raises(UsageError) as error:
        settled(profile(**changes), "--gate=enforce", *flags)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    if not changes.get("can_enforce", True):
        return  # under monitor it does what it is for
    (warning,) = settled(profile(**changes), *flags).warnings
    assert message in warning


def test_decisive_scoring_with_a_gate_that_needs_every_score_is_refused(settled, profile):
    with pytest.raises(UsageError, match="gates on cross_entropy_bits, which needs every document scored"):
        settled(profile(), "--scoring=decisive")
    assert settled("--profile=seed", "--scoring=decisive").scoring == "decisive"
    with pytest.raises(UsageError, match="the classifier of profile reference-en weighs"):
        settled("--scoring=decisive")


def test_the_seed_never_enforces(settled):
    with pytest.raises(UsageError, match="profile seed is not calibrated and can only monitor"):
        settled("--profile=seed", "--gate=enforce")


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--batch_by=source,colour", "no field 'colour'; choose of source, language, dump, domain"),
        ("--batch_by=source,source", "names a field twice"),
        ("--profile=nowhere.json", "--profile 'nowhere.json' can't be read"),
        ("--sources=nowhere.yaml", "--sources 'nowhere.yaml' can't be read"),
        ("--scorer=/no/such/folder", "/no/such/folder"),
    ],
)
def test_what_cannot_be_used_is_one_line(flag, message, settled):
    with pytest.raises(UsageError) as error:
        settled(flag)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda p: p.pop("votes"), "give votes or classifier"),
        (lambda p: p["gate"].update(direction="sideways"), "gate.direction"),
        (lambda p: p["votes"].update(probability=[0.5]), "votes: probability needs 4 entries"),
        (lambda p: p.update(colour="red"), "colour: unknown"),
    ],
)
def test_a_broken_profile_says_which_field(edit, message, settled, tmp_path):
    content = json.loads(SEED.model_dump_json())
    edit(content)
    (tmp_path / "broken.json").write_text(json.dumps(content))
    with pytest.raises(UsageError, match="broken.json") as error:
        settled(f"--profile={tmp_path}/broken.json")
    assert message in str(error.value)


def test_threads_are_shared_by_the_local_runners_processes(settled, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert settled().threads is None
    many = ["--direct_running_mode=multi_processing", "--direct_num_workers=4"]
    assert settled(*many).threads == 2

import msgspec
import pytest

from tests.documents import measurements
from tests.signals.classified_text import labelled
from wellspring.schemas.measurements import Measurements
from wellspring.signals.calibration.classifier_fitting import Fitting, Measured
from wellspring.signals.calibration.shortcuts import ALTERATIONS, altered_areas

TEXT = "One two three four five six seven eight nine ten. " * 2 + "Last\nWORDS here."


def test_each_alteration_removes_what_it_says():
    altered = {name: alter(TEXT) for name, alter in ALTERATIONS.items()}
    assert altered["as they are"] == TEXT
    assert "\n" not in altered["line ends removed"]
    assert "Last" not in altered["last sentence removed"]
    assert altered["first twenty words removed"] == "Last\nWORDS here."
    assert altered["lower case"].endswith("last\nwords here.")


@pytest.mark.slow
def test_a_classifier_of_endings_falls_without_them_and_one_of_wording_does_not():
    def areas(texts) -> dict[str, float]:
        own: list[Measurements] = [measurements(id=text.id) for text in texts]
        return altered_areas(Fitting(Measured(texts, own), []))

    wording = areas(labelled(prompts=30))
    assert min(wording.values()) > 0.95
    last = {False: "It stood there by me.", True: "Zq xq vq wq it stood."}
    endings = areas(
        [
            msgspec.structs.replace(text, text=f"{text.text}. {last[text.synthetic]}")
            for text in labelled(prompts=30, own_share=0.0)
        ]
    )
    assert endings["as they are"] > 0.9
    assert endings["last sentence removed"] < 0.7

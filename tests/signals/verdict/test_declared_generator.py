import pytest
from hypothesis import given
from hypothesis import strategies as st

from wellspring.signals.verdict.declared_generator import names_language_model, source_type


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("https://schema.org/TrainedAlgorithmicMediaDigitalSource", "trainedAlgorithmicMedia"),
        ("http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia", "trainedAlgorithmicMedia"),
        (
            "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia/",
            "trainedAlgorithmicMedia",
        ),
        ("digsrctype:compositeWithTrainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"),
        (" algorithmicMedia ", "algorithmicMedia"),
        ("https://schema.org/AlgorithmicallyEnhancedDigitalSource", None),
        ("https://schema.org/DigitalCaptureDigitalSource", None),
        ("humanEdits", None),
        ("", None),
        ("/" * 100_000, None),
    ],
)
def test_iptcs_names_of_what_a_machine_made(value, name):
    assert source_type(value) == name


@pytest.mark.parametrize(
    "name",
    [
        "gpt-4-turbo",
        "ChatGPT",
        "text-davinci-003",
        "mistralai/Mixtral-8x7B",
        "claude (2026)",
        "gpt2-xl",
        "opt-2.7b",
        "gpt-j-6B",
        "InstructGPT",
    ],
)
def test_a_language_models_name(name):
    assert names_language_model(name)


@pytest.mark.parametrize(
    "name",
    [
        "WordPress 6.4",
        "Hugo 0.120",
        "Gemstone",
        "Microsoft Word 15",
        "opt-in forms",
        "TeX",
        "Egypt 3",
        "Falcon CMS",
        "",
        "x" * 300,
    ],
)
def test_another_programs_name(name):
    assert not names_language_model(name)


@given(st.text())
def test_no_value_raises(value):
    source_type(value)
    names_language_model(value)

import pytest

from wellspring.signals.mix.licences import stated_licence


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        ('{"license": "CC BY 4.0"}', "CC BY 4.0"),
        ('{"title": "x", "licence": " MIT\\n or  Apache-2.0 "}', "MIT or Apache-2.0"),
        ('{"license": "' + "x" * 300 + '"}', "x" * 100),
        ('{"license": null}', "unknown"),
        ('{"license": {"name": "MIT"}}', "unknown"),
        ('{"about": "license"}', "unknown"),
        ("[license]", "unknown"),
        ("{}", "unknown"),
    ],
)
def test_the_licence_is_what_the_metadata_says(metadata, licence):
    assert stated_licence(metadata) == licence

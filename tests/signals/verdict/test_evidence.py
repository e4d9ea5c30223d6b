import pytest

from tests.documents import document
from wellspring.signals.verdict.evidence import find_evidence, find_source, parse_sources, registered_domain

SOURCES = """
- match: {source: gutenberg}
  evidence: attested_human
  attested_by: "library catalogue 2019"
  weight: 2.0
- match: {path: "*/cosmopedia/*"}
  evidence: known_model
  model: mixtral-8x7b
- match: {domain: example.co.uk, dump: CC-MAIN-2024-10}
  weight: 0.5
- match: {domain: example.co.uk}
  weight: 3
"""


@pytest.mark.parametrize(
    ("values", "entry"),
    [
        ({"source": "gutenberg", "file_path": "x/cosmopedia/y"}, 0),
        ({"file_path": "gs://b/cosmopedia/part-1.jsonl"}, 1),
        ({"url": "https://news.example.co.uk/1", "dump": "CC-MAIN-2024-10"}, 2),
        ({"url": "https://news.example.co.uk/1"}, 3),
        ({"url": "https://example.com/"}, None),
        ({"url": None}, None),
    ],
)
def test_the_first_entry_whose_conditions_all_hold_wins(values, entry):
    sources = parse_sources(SOURCES)
    assert find_source(document(**values), sources) == (None if entry is None else sources[entry])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- match: {}", "match needs at least one of source, domain, dump, path"),
        ("- match: {sourc: a}", "sourc"),
        ("- match: {source: a}\n  evidence: attested_human", "needs attested_by"),
        ("- match: {source: a}\n  evidence: known_model", "needs model"),
        ("- match: {source: a}\n  evidence: rumour", "attested_human"),
        ("- match: {source: a}\n  weight: 0", "greater than 0"),
        ("{a: [", "sources.yaml, line 1: is not YAML"),
    ],
)
def test_a_wrong_file_is_one_clear_line(text, message):
    with pytest.raises(ValueError, match="sources.yaml") as error:
        parse_sources(text)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://a.b.example.co.uk:8080/x?y", "example.co.uk"),
        ("http://localhost/", "localhost"),
        ("http://[broken", None),
        ("no address", None),
        (None, None),
    ],
)
def test_registered_domain(url, domain):
    assert registered_domain(url) == domain


@pytest.mark.parametrize(
    ("metadata", "declared"),
    [
        ("{}", False),
        ('{"digital_source_type": "https://schema.org/TrainedAlgorithmicMediaDigitalSource"}', True),
        (
            '{"digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/'
            'compositeWithTrainedAlgorithmicMedia"}',
            True,
        ),
        ('{"digital_source_type": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"}', False),
        ('{"generator": "WordPress 6.4", "content_source": "feed"}', False),
        ('{"digital_source_type": ["trainedAlgorithmicMedia"]}', False),
        ('{"digital_source_type": "https://schema.org/AlgorithmicMediaDigitalSource"}', True),
        ('{"generator": "gpt-4-turbo"}', True),
        ('{"generator": "gpt-4-turbo", "warc_type": "response"}', False),  # a page's own word
        ('{"generator": null}', False),
        ('{"generator": {"name": "gpt-4"}}', False),
        ('{"generator": NaN}', False),
        ('{"generator": ' + "[" * 30_000 + "]" * 30_000 + "}", False),
    ],
)
def test_a_declared_generator_is_iptcs_term_for_a_model_and_not_a_publishing_system(metadata, declared):
    found = find_evidence(document(metadata=metadata), [])
    assert (found.declared_generator is not None) == declared


@pytest.mark.parametrize(
    ("date", "path", "prior"),
    [
        ("2018-12-31T23:59:59Z", "crawl/a.warc.wet.gz", 0.0001),
        ("2020-05-01T00:00:00Z", "crawl/a.warc.gz", 0.001),
        ("2022-11-29T00:00:00Z", "crawl/a.arc", 0.01),
        ("2022-12-01T00:00:00Z", "crawl/a.warc.gz", 0.5),
        ("2016-01-01T00:00:00Z", "texts.jsonl.gz", 0.5),  # a file's own word
        (None, "crawl/a.warc.gz", 0.5),
    ],
)
def test_only_an_archives_date_says_how_much_synthetic_text_to_expect(date, path, prior):
    found = find_evidence(document(date=date, file_path=path), [])
    assert found.prior == prior
    assert (found.archived is None) == (prior == 0.5)


def test_what_chat_models_say_is_no_evidence_in_an_archive_older_than_they_are():
    text = "Regenerate response. " + "The board met again on Tuesday. " * 20
    old, new = (
        find_evidence(document(text=text, date=date, file_path="a.warc.gz"), [])
        for date in ("2016-05-03T00:00:00Z", "2024-05-03T00:00:00Z")
    )
    assert (old.leaked_phrase, new.leaked_phrase) == (None, "regenerate response")

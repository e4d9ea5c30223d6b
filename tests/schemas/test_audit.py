from tests.pipelines.run_pictures import audit
from wellspring.schemas.audit import stratum_words, window_words


def test_a_stratum_in_words():
    assert stratum_words('{"source":"wiki","language":"en"}') == "source=wiki, language=en"
    assert stratum_words('{"source":"wiki","language":"en"}', keys=False) == "wiki, en"
    assert stratum_words("{}") == "all documents"
    assert stratum_words("no json") == "no json" and stratum_words("[1]") == "[1]"


def test_a_window_in_words():
    assert (
        window_words(audit(window_start="2026-01-05", window_end="2026-01-12")) == "2026-01-05 to 2026-01-12"
    )
    assert window_words(audit(window_start="2026-01-05", window_end="2026-01-05")) == "2026-01-05"
    assert window_words(audit(window_start=None, window_end=None)) == "no date"

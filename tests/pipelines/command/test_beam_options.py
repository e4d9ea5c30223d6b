import pytest

from wellspring.pipelines.command.arguments import JobParser, UsageError, positive
from wellspring.pipelines.command.beam_options import is_local, parse_arguments


def parser() -> JobParser:
    p = JobParser("curate", "A job.", takes_beam_flags=True)
    p.add_argument("--input", required=True)
    p.add_argument("--profile", default="seed")
    p.add_argument("--limit", type=positive)
    return p


def test_what_the_job_does_not_know_goes_to_beam():
    arguments, options = parse_arguments(parser(), ["--input=a", "--direct_num_workers=3"])
    assert arguments.input == "a"
    assert options.get_all_options()["direct_num_workers"] == 3


def test_the_local_runner_is_named_unless_another_is_asked_for():
    assert is_local(parse_arguments(parser(), ["--input=a"])[1])
    _, options = parse_arguments(parser(), ["--input=a", "--runner=DataflowRunner"])
    assert not is_local(options)
    assert options.get_all_options()["runner"] == "DataflowRunner"
    _, options = parse_arguments(parser(), ["--input=a", "--runner", "FlinkRunner"])
    assert options.get_all_options()["runner"] == "FlinkRunner"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "the following arguments are required: --input"),
        (["--input=a", "--profle=x"], "unknown argument --profle=x; did you mean --profile?"),
        (["--input=a", "--zzzzzz"], "unknown argument --zzzzzz (see wellspring curate --help)"),
        (["--input=a", "stray"], "unknown argument stray"),
        (["--input=a", "--limit=0"], "argument --limit: 0 is not a whole number from 1"),
        (["--input=a", "--limit=many"], "argument --limit: invalid"),
        (["--input=a", "--runner=DaskRunner"], "the Dask runner drops outputs without an error"),
    ],
)
def test_wrong_arguments_are_one_line_that_says_what_to_write(argv, message):
    with pytest.raises(UsageError) as error:
        parse_arguments(parser(), argv)
    assert message in str(error.value)
    assert "\n" not in str(error.value)

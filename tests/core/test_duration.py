"""Counts as people write them."""

import pytest
from pydantic import ValidationError

from pipeline.core.config import Config
from pipeline.core.duration import Count, format_count, parse_count


@pytest.mark.parametrize(
    ("written", "count"),
    [
        (0, 0),
        (2048, 2048),
        ("2_048", 2048),
        ("200k", 200_000),
        ("1.7M", 1_700_000),
        ("1.7 m", 1_700_000),
        ("600B", 600_000_000_000),
        ("0.5t", 500_000_000_000),
        ("4.35M", 4_350_000),  # no float on the way: 4.35 * 10**6 is not whole in binary
        ("1.000k", 1000),
        (3.0, 3),
        (2**70, 2**70),
    ],
)
def test_a_count_is_read_exactly(written: object, count: int) -> None:
    assert parse_count(written) == count


@pytest.mark.parametrize(
    "written", ["", "many", "-1", -1, "1e6", "1.5", 1.5, "1.0001k", "k", "1.k", True, None, "1 kk"]
)
def test_what_is_no_count_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r"is not a (count|whole number)"):
        parse_count(written)


def test_a_config_takes_counts_as_written() -> None:
    class Budget(Config):
        tokens: Count

    assert Budget(tokens="1.7M").literals() == {"tokens": 1_700_000}
    with pytest.raises(ValidationError, match="write one like 200k"):
        Budget(tokens="lots")
    with pytest.raises(ValidationError, match="tokns"):
        Budget(tokens=1, tokns=2)


@pytest.mark.parametrize(
    ("count", "short"),
    [(0, "0"), (999, "999"), (1000, "1k"), (1_700_000, "1.7M"), (600 * 10**9, "600B"), (20 * 10**12, "20T")],
)
def test_the_short_form_of_a_count(count: int, short: str) -> None:
    assert format_count(count) == short
    assert parse_count(short) == count

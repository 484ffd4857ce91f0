import pytest

from pipeline.curate.arithmetic import SumCheck, check_sums


@pytest.mark.parametrize(
    ("line", "num_right", "num_lines"),
    [
        ("Natalia sold 48/2 = <<48/2=24>>24 clips in May.", 1, 1),
        ("She has 2 x (3 + 4) = 14 and 10% of 50 = 5.", 1, 1),
        ("5 * 3 = $15, that is 20/100 = 20%", 1, 1),
        ("10 / 3 = 3.33 and 7 / 2 = 3", 1, 1),  # rounded, and the whole part
        ("100 - 50 = 50% are left", 1, 1),
        ("3 + 4 = 7 = 8 - 1", 1, 1),
        ("$1,000 + 50 = $1,050", 1, 1),
        ("2 + 2 = 5", 0, 1),
        ("4000 + 2040 = 6120", 0, 1),
        ("3 + 4 = 7 = 8 - 2", 0, 1),
        ("1 / 0 = 3", 0, 0),
        ("no sum at all", 0, 0),
        ("x = 4", 0, 0),
        ("10x - 5 = 75 and 2b - 14 = 112", 0, 0),  # letters: nothing to check
        ("5 potatoes - 2 = 3 cucumbers", 0, 0),
        ("e - 20 = 1/5e", 0, 0),
    ],
)
def test_sums_are_checked_line_by_line(line, num_right, num_lines):
    found = check_sums(line)
    assert (found.num_right, found.num_lines) == (num_right, num_lines)


def test_the_first_wrong_line_is_kept():
    found = check_sums("1 + 1 = 2\n2 + 2 = 5\nso\n3 + 3 = 7")
    assert found == SumCheck(3, 1, "2 + 2 = 5")
    assert found.is_checked
    assert not found.is_right
    assert not check_sums("so").is_right

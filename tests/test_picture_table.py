"""Numbers as text: one format a table, aligned columns, and a count of what is left out."""

import numpy as np
import pytest

from convista.picture.table import number_format, text_table


@pytest.mark.parametrize(
    ("values", "decimals", "texts"),
    [
        (np.array([0, 254], np.uint8), 2, ["0", "254"]),
        (np.array([True, False]), 2, ["1", "0"]),
        (np.array([0.125, -1.5]), 2, ["0.12", "-1.50"]),
        (np.array([0.125, -1.5]), 0, ["0", "-2"]),
        (np.array([-0.001, 5.0]), 2, ["0.00", "5.00"]),
        (np.array([1e-4, -3e-6]), 2, ["1.00e-04", "-3.00e-06"]),
        (np.array([1e7, 1.0]), 1, ["1.0e+07", "1.0e+00"]),
        (np.array([np.nan, np.inf, -np.inf, 1.0]), 2, ["nan", "inf", "-inf", "1.00"]),
        (np.zeros(2, np.float32), 2, ["0.00", "0.00"]),
    ],
)
def test_one_format_for_all(values, decimals, texts):
    assert [number_format(values, decimals)(value) for value in values] == texts


def test_a_line_never_passes_the_width_and_nothing_goes_uncounted():
    values = np.random.default_rng(0).integers(-5, 10**4, (3, 40))
    for width in range(8, 120):
        lines = text_table(values, range(3), range(40), width=width).splitlines()
        shown = len(lines[0].split())
        assert max(map(len, lines[:4])) <= max(width, len(lines[0]) if shown == 1 else 0)
        assert [line.split()[1:] for line in lines[1:4]] == [[str(v) for v in row[:shown]] for row in values]
        assert lines[4:] == ([f"... {40 - shown} more column{'s' * (shown < 39)}"] if shown < 40 else [])
        if shown < 40:  # one more would have been too wide
            widest = max(len(str(v)) for v in values[:, : shown + 1].ravel())
            assert 2 + (shown + 1) * (widest + 1) > width


def test_the_margins_number_the_rows_and_columns():
    assert text_table(np.array([[1, -20]]), [107], [3, 4]) == "       3   4\n107    1 -20"

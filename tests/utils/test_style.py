"""The palette stands out on white and on dark pages, and for colour-blind eyes."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from utils.style import INK, PALETTE

# Viénot, Brettel, Mollon 1999, https://doi.org/10.1002/(SICI)1520-6378(199908)24:4<243::AID-COL5>3.0.CO;2-3
# as matrices on linear RGB, for eyes without red or without green cones.
EYES = {
    "all cones": np.eye(3),
    "no red cones": np.array(
        [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]]
    ),
    "no green cones": np.array(
        [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]]
    ),
}


def linear(color):
    c = np.array(to_rgb(color))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(a, b):
    """The contrast ratio of WCAG 2.2, 1 to 21."""
    weigh = np.array([0.2126, 0.7152, 0.0722])
    low, high = sorted([linear(a) @ weigh, linear(b) @ weigh])
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    """CIE L*a*b* of linear RGB, white D65."""
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    t = to_xyz @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("page", ["#ffffff", "#111111"])
@pytest.mark.parametrize("color", PALETTE)
def test_lines_stand_out_from_the_page(color, page):
    assert contrast(color, page) >= 3  # WCAG 2.2, 1.4.11: graphical objects


@pytest.mark.parametrize("page", ["#ffffff", "#111111"])
def test_words_can_be_read_on_the_page(page):
    assert contrast(INK, page) >= 4


@pytest.mark.parametrize("eyes", EYES)
def test_any_two_of_the_first_four_colours_differ(eyes):
    seen = [lab(EYES[eyes] @ linear(color)) for color in PALETTE[:4]]
    for a, b in combinations(seen, 2):
        assert np.linalg.norm(a - b) >= 15  # a difference of 2 to 3 can just be seen

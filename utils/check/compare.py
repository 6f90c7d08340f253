"""Do two traces agree, and how closely?"""

from dataclasses import dataclass

import numpy as np
import torch

TIGHT = (1e-9, 2.0**-52)
"""In float64: of the length of the path, and the unit of rounding of the weights. Rearranged
formulas differ by 1e-13 or so."""

LOOSE = (1e-4, 2.0**-23)
"""In float32: for weights in float32, and for a step that computes in float32 on its own. Every
mistake in the bank is off by more than that somewhere (tests/utils/check/test_matrix.py)."""


@dataclass
class Difference:
    """Where a trace first leaves another one.

    step: from 1 on; 0 means that they do not even start alike.
    index: the number of the entry, in a row of the trace.
    share: the largest difference in the end, as a part of the length of the path.
    """

    step: int
    index: int
    share: float


def difference(mine, theirs, tolerance=TIGHT):
    """The first `Difference` between two arrays of points, or None.

    The tolerance grows along the path: a part of its length, plus the rounding of the weights.
    """
    relative, unit = tolerance
    n = min(len(mine), len(theirs))
    a, b = mine[:n], theirs[:n]
    with np.errstate(all="ignore"):
        path = np.cumsum(np.abs(np.diff(b, axis=0, prepend=b[:1])), axis=0)
        size = np.maximum.accumulate(np.abs(b), axis=0)
        gap = np.abs(a - b)
        allowed = relative * path + 16 * unit * size
        wrong = ~((gap <= allowed) | (a == b) | (np.isnan(a) & np.isnan(b)))
        if not wrong.any():
            return None
        step = int(np.argmax(wrong.any(axis=1)))
        index = int(np.argmax(wrong[step]))
        length = path[-1, index]
        share = float(gap[-1, index] / length) if length else float("inf")
    return Difference(step, index, share)


def same(one, other, tolerance=TIGHT):
    """Did two optimizers do the same thing: same points, same faults, same exception?"""
    return (
        one.stopped == other.stopped
        and type(one.error) is type(other.error)
        and text(one.error) == text(other.error)
        and one.faults.keys() == other.faults.keys()
        and one.points.shape == other.points.shape
        and difference(one.points, other.points, tolerance) is None
    )


def text(error):
    """What an exception says, or the beginning of it, even if it cannot say it."""
    try:
        return str(error)[:2000]
    except BaseException:
        return "(its message cannot be shown)"


def precision(situation):
    """The tolerance that goes with the weights of a situation."""
    return LOOSE if situation.dtype is torch.float32 else TIGHT

"""Lecture 03: an error in an update equation does not pass the check that follows it."""

from pathlib import Path

import pytest

from tests.support.running import code_cells, run_cells

LECTURE = Path(__file__).parents[2] / "lectures" / "03_momentum.ipynb"

FIRST = ("imports", "zigzag", "mom1", "mom1-check")
CHECKS = {  # cell with a check: what runs before it, after FIRST
    "mom1-check": (),
    "lr-new": ("mom2",),
    "mom3-check": ("mom3",),
    "inside": (),
    "rescale": ("inside", "schedule", "schedule-figure"),
    "dampened-check": ("dampened",),
    "matrix": (),
    "edge-check": ("matrix",),
    "best-check": ("matrix", "edge-check", "best"),
    "noise-law-check": ("matrix",),
    "nesterov-check": ("nesterov",),
    "look-ahead": ("nesterov", "nesterov-check"),
    "nesterov-edge-check": (),
    "decay-check": ("lr-new-figure", "decay"),
}
ERRORS = {  # what is wrong: (check that must see it, cell, right, wrong)
    "uphill": ("mom1-check", "mom1", "p.sub_(v", "p.add_(v"),
    "no memory": ("mom1-check", "mom1", "v.mul_(", "v.mul_(0 * "),
    "a sum for an average": ("lr-new", "mom2", "alpha=1 - ", "alpha=1 - 0 * "),
    "lr_new = lr_old / (1 − m)": ("lr-new", "lr-new", "0.15 * (1 - m)", "0.15 / (1 - m)"),
    "debiased a step late": ("mom3-check", "mom3", "beta**t)", "beta ** (t + 1))"),
    "debiased by (1 − β)ᵗ": ("mom3-check", "mom3", "(1 - beta**t)", "(1 - beta) ** t"),
    "lr inside, uphill": ("inside", "inside", ".sub_(p.grad", ".add_(p.grad"),
    "velocity not rescaled": ("rescale", "rescale", 'group["lr"] / state["lr"]', "1"),
    "first gradient dampened": ("dampened-check", "dampened", ".clone()", ' * (1 - group["dampening"])'),
    "sign in the matrix": ("matrix", "matrix", "[curvature, beta]", "[curvature, -beta]"),
    "edge at 2/λ": ("edge-check", "edge-check", "2 * (1 + beta) / 5", "2 / 5"),
    "√β for β": ("best-check", "best", "root**2", "root"),
    "settled loss": ("noise-law-check", "noise-law-check", "(1 - beta) / (1 + beta)", "(1 - beta)"),
    "no look-ahead": ("nesterov-check", "nesterov", 'p.grad + group["momentum"] * v', "v"),
    "look-ahead backwards": ("look-ahead", "look-ahead", "(q - 0.1 * 0.9 * v) @", "(q + 0.1 * 0.9 * v) @"),
    "Nesterov's edge": ("nesterov-edge-check", "nesterov-edge-check", "(1 + 2 * beta)", "(1 + beta)"),
    "weights grow": ("decay-check", "decay", "p.grad + group", "p.grad - group"),
}  # fmt: skip


@pytest.fixture(scope="module")
def cells():
    return code_cells(LECTURE)


def run(cells, check):
    run_cells(cells, (*FIRST, *CHECKS[check], check))


@pytest.mark.parametrize("check", CHECKS)
def test_each_check_passes_on_the_lecture_as_it_stands(cells, check):
    run(cells, check)


@pytest.mark.parametrize("check, cell, right, wrong", ERRORS.values(), ids=ERRORS)
def test_an_error_in_an_update_is_caught(cells, check, cell, right, wrong):
    assert cells[cell].count(right) == 1, "the lecture has changed: give this error its new place"
    with pytest.raises(AssertionError):
        run({**cells, cell: cells[cell].replace(right, wrong)}, check)

"""Lecture 07: an error in an equation, or in the list of parts, does not pass the check after it."""

from pathlib import Path

import pytest

from tests.support.running import code_cells, run_cells

LECTURE = Path(__file__).parents[2] / "lectures" / "07_composing.ipynb"

PARTS = ("sgd-step", "composed-utils", "sum", "average", "square", "adam", "betas", "decay", "free")
CHECKS = {  # cell with a check: what runs before it, after "imports"
    "composed-check": ("sgd-step", "composed"),
    "sum-check": PARTS[:3],
    "square-check": PARTS[:5],
    "betas": PARTS[:6],
    "decay-check": PARTS[:8],
    "free-check": PARTS,
    "cycle-check": ("composed-utils", "one-cycle"),
}
ERRORS = {  # what is wrong: (check that must see it, cell, right, wrong)
    "uphill": ("composed-check", "sgd-step", "p.sub_(", "p.add_("),
    "no L2": ("decay-check", "decay", "g + weight_decay * p}", "g}"),
    "nothing is kept": ("sum-check", "sum", "momentum * grad_avg", "0 * momentum"),
    "an average for the sum": ("sum-check", "sum", "+ g}", "+ (1 - momentum) * g}"),
    "ε inside the root": ("square-check", "square", "(sqr_avg.sqrt() + eps)", "(sqr_avg + eps).sqrt()"),
    "the square is lost": ("square-check", "square", "* g**2", "* g.abs()"),
    "(1 - β)^t": ("betas", "adam", "(1 - beta**step)", "(1 - beta) ** step"),
    "a sum in Adam": ("betas", "betas", "average_grad, ", "sum_grad, "),
    "L2 too late": ("decay-check", "decay-check", "[l2, *ADAM]", "[*ADAM, l2]"),
    "L2 for decay": ("decay-check", "decay-check", "[weight_decay, *ADAM]", "[l2, *ADAM]"),
    "weights grow": ("decay-check", "decay", "1 - lr * weight_decay", "1 + lr * weight_decay"),
    "no look-ahead": ("free-check", "free", "g + momentum * grad_avg", "grad_avg"),
    "top a step late": ("cycle-check", "one-cycle", "warm * nsteps - 1, nsteps", "warm * nsteps, nsteps"),
    "momentum upside down": ("cycle-check", "one-cycle", "cosine(0.95, 0.85,", "cosine(0.85, 0.95,"),
    "a straight line": ("cycle-check", "one-cycle", "(1 + math.cos(math.pi * s))", "(2 - 2 * s)"),
}  # fmt: skip


@pytest.fixture(scope="module")
def cells():
    return code_cells(LECTURE)


def run(cells, check):
    run_cells(cells, ("imports", *CHECKS[check], check))


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS)
def test_a_check_passes_as_it_stands(cells, check):
    run(cells, check)


@pytest.mark.slow
@pytest.mark.parametrize("error", ERRORS)
def test_a_check_sees_the_error(cells, error):
    check, cell, right, wrong = ERRORS[error]
    assert cells[cell].count(right) == 1
    changed = cells | {cell: cells[cell].replace(right, wrong)}
    with pytest.raises(AssertionError):
        run(changed, check)

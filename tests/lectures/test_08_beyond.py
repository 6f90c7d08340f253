"""Lecture 08: an error in an update equation does not pass the check that follows it."""

from pathlib import Path

import pytest

from tests.support.running import code_cells, run_cells

LECTURE = Path(__file__).parents[2] / "lectures" / "08_beyond.ipynb"

FIRST = ("imports", "lion", "matrix", "ns", "muon", "muon-check")
CHECKS = {"lion-check": (), "polar": (), "ns-check": (), "muon-equal": ()}
CHECKS["lion-length"] = ("lion-figure",)
ERRORS = {  # what is wrong: (check that must see it, cell, right, wrong)
    "uphill": ("lion-check", "lion", ".sub_(c.sign()", ".add_(c.sign()"),
    "β exchanged": ("lion-check", "lion", "beta1, beta2 =", "beta2, beta1 ="),
    "no (1 − β₁)": ("lion-check", "lion", "(1 - beta1) * p.grad", "p.grad"),
    "decay grows": ("lion-check", "lion", '(1 - group["lr"] *', '(1 + group["lr"] *'),
    "no sign": ("lion-length", "lion", "c.sign()", "c"),
    "another coefficient": ("ns-check", "ns", "-4.7750", "-4.8"),
    "A instead of A²": ("ns-check", "ns", "c * A @ A)", "c * A)"),
    "entry by entry": ("ns-check", "ns", "c * A @ A)", "c * A * A)"),
    "no norm": ("ns-check", "ns", "G / G.norm().clamp(min=1e-7)", "G / G.abs().max()"),
    "not a sign": ("polar", "polar", "(U @ Vt, D.sign())", "(U @ Vt, D)"),
    "no look-ahead": ("muon-equal", "muon", "beta * m + (1 - beta) * p.grad", "m"),
    "no shape": ("muon-equal", "muon", "math.sqrt(max(1, r / k))", "1"),
    "weights grow": ("muon-equal", "muon", 'p.mul_(1 - group["lr"]', 'p.mul_(1 + group["lr"]'),
    "no memory": ("muon-equal", "muon", "m.mul_(beta)", "m.mul_(0)"),
}


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

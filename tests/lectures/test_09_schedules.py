"""Lecture 09: an error in an update equation does not pass the check that follows it."""

from pathlib import Path

import pytest

from tests.support.running import code_cells, run_cells

LECTURE = Path(__file__).parents[2] / "lectures" / "09_schedules.ipynb"

CHECKS = {
    "expected-check": ("expected",),
    "cosine-check": ("cosine",),
    "both-check": ("cosine", "both"),
    "clip-check": ("clip",),
    "groups-check": ("groups",),
    "ema-check": ("ema",),
    "free-check": ("free",),
}
ERRORS = {  # what is wrong: (check that must see it, cell, right, wrong)
    "noise not squared": ("expected-check", "expected", "SPREAD) ** 2", "SPREAD)"),
    "contraction not squared": ("expected-check", "expected", "CURVATURE) ** 2 * M", "CURVATURE) * M"),
    "1 − cos": ("cosine-check", "cosine", "1 + math.cos", "1 - math.cos"),
    "a whole cosine": ("cosine-check", "cosine", "math.pi * t", "2 * math.pi * t"),
    "warm-up from zero": ("both-check", "both", "(t + 1) / k", "t / k"),
    "the fall begins too early": ("both-check", "both", "t - k, n - k", "t, n"),
    "each tensor by its own norm": ("clip-check", "clip", "c / (norm", "c / (g.norm()"),
    "norms added": ("clip-check", "clip", "for g in grads]).norm()", "for g in grads]).sum()"),
    "always shortened": ("clip-check", "clip", "min(1, c / (norm + 1e-6))", "c / (norm + 1e-6)"),
    "vectors decay": ("groups-check", "groups", "p.ndim < 2], weight_decay=0.0", "p.ndim < 2], weight_decay=weight_decay"),
    "nothing decays": ("groups-check", "groups", "p.ndim >= 2], weight_decay=weight_decay", "p.ndim >= 2], weight_decay=0.0"),
    "β for 1 − β": ("ema-check", "ema", "1 - self.beta", "self.beta"),
    "uphill": ("free-check", "free", "z.sub_(", "z.add_("),
    "β exchanged": ("free-check", "free", 'z.lerp(x, group["beta"])', 'x.lerp(z, group["beta"])'),
    "no plain average": ("free-check", "free", "1 / t)", "1 / (t + 1))"),
}  # fmt: skip


@pytest.fixture(scope="module")
def cells():
    return code_cells(LECTURE)


def run(cells, check):
    run_cells(cells, ("imports", *CHECKS[check], check))


@pytest.mark.parametrize("check", CHECKS)
def test_each_check_passes_on_the_lecture_as_it_stands(cells, check):
    run(cells, check)


@pytest.mark.parametrize("check, cell, right, wrong", ERRORS.values(), ids=ERRORS)
def test_an_error_in_an_update_is_caught(cells, check, cell, right, wrong):
    assert cells[cell].count(right) == 1, "the lecture has changed: give this error its new place"
    with pytest.raises(AssertionError):
        run({**cells, cell: cells[cell].replace(right, wrong)}, check)

"""Lectures 04 and 05: an error in an update equation does not pass the check that follows it."""

from pathlib import Path

import pytest

from tests.support.running import code_cells, run_cells

LECTURES = Path(__file__).parents[2] / "lectures"

RMSPROP = ("04_rmsprop", "imports", "failure", "rmsprop", "rmsprop-check")
ADAM = ("05_adam", "imports", "failure", "adam1", "lengths", "adam1-check", "adam", "adam-check")
GRID = ("grid", "grid-steps")
CHECKS = {  # cell with a check: the lecture and what runs before it
    "rmsprop-check": RMSPROP[:-1],
    "scale-check": (*RMSPROP, "scale"),
    "no-gradient-numbers": (*RMSPROP, "no-gradient", "no-gradient-figure"),
    "first": RMSPROP,
    "steady-figure": (*RMSPROP, "steady"),
    "eps-sgd": (*RMSPROP, "no-gradient", "no-gradient-figure"),
    "in-place": (*RMSPROP, "no-gradient", "no-gradient-figure"),
    "momentum-check": (*RMSPROP, "momentum"),
    "centered": (*RMSPROP, "no-gradient", "no-gradient-figure"),
    "adam1-check": ADAM[:5],
    "derive": ADAM,
    "adam-check": ADAM[:-1],
    "arrange-numbers": (*ADAM, "arrange"),
    "arrange-convert": (*ADAM, "arrange", "arrange-numbers"),
    "twice-figure": (*ADAM, "twice"),
    "bound-check": ADAM,
    "eps-check": ADAM,
    "adamw": ADAM,
    "grid-check": (*ADAM, *GRID),
}
MEAN_SQUARE = 'ms.copy_(group["alpha"] * ms + (1 - group["alpha"]) * p.grad**2)'
DIVIDE = "p.grad / (ms.sqrt() + "
ERRORS = {  # what is wrong: (check that must see it, cell, right, wrong)
    "a sum for an average": ("rmsprop-check", "rmsprop", '(1 - group["alpha"])', "1"),
    "MS is not stored": ("rmsprop-check", "rmsprop", MEAN_SQUARE, "ms = " + MEAN_SQUARE[9:-1]),
    "uphill": ("rmsprop-check", "rmsprop", "p.sub_(", "p.add_("),
    "no gradient": ("rmsprop-check", "rmsprop", DIVIDE, "1 / (ms.sqrt() + "),
    "no root": ("scale-check", "rmsprop", "ms.sqrt()", "ms"),
    "gradient is there after all": ("no-gradient-numbers", "no-gradient", '"lr"] /', '"lr"] * p.grad /'),
    "first step": ("first", "first", "math.sqrt(1 - 0.99)", "(1 - 0.99)"),
    "steady steps": ("steady-figure", "steady-figure", ".sqrt(), rtol", ", rtol"),
    "lr / ε": ("eps-sgd", "eps-sgd", "eps=1e6", "eps=1e5"),
    "in place, another step": ("in-place", "in-place", "grad.div_(ms.sqrt()", "grad.div_(ms"),
    "velocity is an average": ("momentum-check", "momentum", "+ p.grad / (", '+ (1 - group["momentum"]) * p.grad / ('),
    "mean is added": ("centered", "centered", "ms - mean**2", "ms + mean**2"),
    "m is a sum": ("adam1-check", "adam1", "(1 - beta1) * ", ""),
    "v is a sum": ("adam1-check", "adam1", "(1 - beta2) * ", ""),
    "sum of weights": ("derive", "derive", "1 - beta ** t.double()", "(1 - beta) ** t.double()"),
    "m corrected by (1 − β)ᵗ": ("adam-check", "adam", "(1 - beta1**t)", "(1 - beta1) ** t"),
    "v corrected by (1 − β)ᵗ": ("adam-check", "adam", "(1 - beta2**t)", "(1 - beta2) ** t"),
    "v not corrected": ("adam-check", "adam", " / (1 - beta2**t)", ""),
    "gradient for m̂": ("adam-check", "adam", '"lr"] * m_hat', '"lr"] * p.grad'),
    "c₂ without its root": ("arrange-numbers", "arrange", "math.sqrt(c2) + eps", "c2 + eps"),
    "c₁ twice": ("arrange-numbers", "arrange", "b = step_size * m", "b = step_size * m / c1"),
    "ε̂ is ε": ("arrange-convert", "arrange-convert", "eps * math.sqrt(1 - 0.999**t)", "eps"),
    "corrected once": ("twice-figure", "twice", "/ c1 * (m", "* (m"),
    "bound": ("bound-check", "bound-check", "0.9**2 / 0.999", "0.9 / 0.999"),
    "Mom3 not debiased": ("eps-check", "eps-check", " / (1 - 0.9**t)", ""),
    "decay without lr": ("adamw", "adamw", 'group["lr"] * group["weight_decay"]', 'group["weight_decay"]'),
    "weights grow": ("adamw", "adamw", "p.mul_(1 - ", "p.mul_(1 + "),
    "grid: average for a sum": ("grid-check", "grid-steps", '= betas * state["m"] + g\n', '= betas * state["m"] + (1 - betas) * g\n'),
    "grid: v not corrected": ("grid-check", "grid-steps", " / (1 - beta2**t)", ""),
}  # fmt: skip


@pytest.fixture(scope="module")
def cells():
    return {name: code_cells(LECTURES / f"{name}.ipynb") for name in (RMSPROP[0], ADAM[0])}


def run(lecture, before, check):
    run_cells(lecture, (*before, check))


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS)
def test_each_check_passes_on_the_lecture_as_it_stands(cells, check):
    lecture, *before = CHECKS[check]
    run(cells[lecture], before, check)


@pytest.mark.slow
@pytest.mark.parametrize("check, cell, right, wrong", ERRORS.values(), ids=ERRORS)
def test_an_error_in_an_update_is_caught(cells, check, cell, right, wrong):
    name, *before = CHECKS[check]
    lecture = cells[name]
    assert lecture[cell].count(right) == 1, "the lecture has changed: give this error its new place"
    changed = {**lecture, cell: lecture[cell].replace(right, wrong)}
    with pytest.raises(AssertionError):
        run(
            changed, [part for part in before if part == cell or not part.endswith("-check")], check
        )

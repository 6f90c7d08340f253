"""No right optimizer fails, however it is written."""

from functools import partial

import numpy as np
import pytest
import torch

from tests.utils.check import right
from utils.check import check_optimizer
from utils.check.mistakes import families
from utils.check.optimizer import label, play_reference, vary
from utils.check.situations import SITUATIONS, zeros

CASES = [(f, kind) for f in families() for kind in right.RIGHT[f.student]]


def reference(family):
    name, fixed = family.reference
    return partial(getattr(torch.optim, name), **fixed)


@pytest.mark.parametrize("family, kind", CASES, ids=lambda x: getattr(x, "__name__", None))
def test_passes(family, kind, capfd):
    check_optimizer(kind, reference(family), **family.hyper)
    out, err = capfd.readouterr()
    assert out.startswith(f"✓ {kind.__name__} takes the same steps as ")
    assert out.count("\n") == 1 and not err
    assert ("computes in float32" in out) == (kind in right.FLOAT32)


@pytest.mark.parametrize("family", families(), ids=lambda f: f.student)
def test_the_right_class_of_each_family_passes(family, capsys):
    check_optimizer(family.build(), reference(family), **family.hyper)
    assert "✓" in capsys.readouterr().out


def test_there_are_many():
    assert len(CASES) >= 25
    assert len(right.FLOAT32) >= 3


@pytest.mark.parametrize(
    "hyper",
    [
        dict(lr=0.3, momentum=0.0),
        dict(lr=0.001, momentum=0.99),
        dict(lr=1, momentum=0.6),
        dict(lr=1e-6, momentum=0.9),
        dict(lr=100.0, momentum=0.5),
    ],
)
def test_passes_with_any_hyper_parameters(hyper, capsys):
    check_optimizer(right.NegativeVelocity, torch.optim.SGD, **hyper)
    assert "✓" in capsys.readouterr().out


@pytest.mark.parametrize(
    "hyper", [dict(lr=0.1, betas=(0.5, 0.5), eps=1.0), dict(lr=1e-3, betas=(0.0, 0.999))]
)
def test_adam_passes_with_any_hyper_parameters(hyper, capsys):
    check_optimizer(right.AsTheEquations, torch.optim.Adam, **hyper)
    assert "✓" in capsys.readouterr().out


def test_what_a_partial_has_settled_is_not_varied(capsys):
    """Weight decay is not asked for here, so a step without it is right."""

    class NoDecay(right.Dampening):
        def my_step(self, p, state, group):
            if "v" not in state or group["momentum"] == 0:
                state["v"] = p.grad.clone()
            else:
                v = state["v"].mul_(group["momentum"])
                v.add_(p.grad, alpha=1 - group["dampening"])
            p.sub_(group["lr"] * state["v"])

    settled = partial(NoDecay, weight_decay=0.0)
    check_optimizer(settled, torch.optim.SGD, lr=0.1, momentum=0.9, dampening=0.5)
    assert "✓ NoDecay(weight_decay=0.0) takes" in capsys.readouterr().out


def test_a_function_that_makes_an_optimizer_passes(capsys):
    def make(params, lr):
        return right.OutOfPlaceCopiedBack(params, lr)

    check_optimizer(make, torch.optim.SGD, lr=0.1)
    assert capsys.readouterr().out.startswith("✓ make takes the same steps as SGD")


def test_leaves_torch_as_it_was():
    before = torch.get_default_dtype(), torch.is_grad_enabled(), torch.random.get_rng_state()
    check_optimizer(right.OnData, torch.optim.SGD, lr=0.1)
    after = torch.get_default_dtype(), torch.is_grad_enabled(), torch.random.get_rng_state()
    assert before[:2] == after[:2] and torch.equal(before[2], after[2])


@pytest.mark.parametrize("family", families(), ids=lambda f: label(f.build()))
def test_no_autograd_is_used(family, monkeypatch):
    """The autograder forks warm processes; a backward pass before that would hang them."""

    def refuse(*args, **words):
        raise AssertionError("backward was called")

    monkeypatch.setattr(torch.autograd, "backward", refuse)
    monkeypatch.setattr(torch.Tensor, "backward", refuse)
    check_optimizer(family.build(), reference(family), **family.hyper)


def in_float32(body):
    """A momentum optimizer whose step has these lines in the middle, where some lose digits."""

    class Short(right.Momentum):
        pass

    Short.my_step = body
    return Short


def cast(self, p, state, group):
    v = state.setdefault("v", torch.zeros_like(p))
    g = p.grad.float()
    v.mul_(group["momentum"]).add_(g)
    p.sub_(v, alpha=group["lr"])


def buffer(self, p, state, group):
    if "v" not in state:
        state["v"] = torch.zeros_like(p, dtype=torch.float32)
    state["v"].mul_(group["momentum"]).add_(p.grad)
    p.sub_(state["v"], alpha=group["lr"])


@pytest.mark.parametrize(
    "body, line",
    [
        (cast, "g = p.grad.float()"),
        (buffer, 'state["v"] = torch.zeros_like(p, dtype=torch.float32)'),
    ],
)
def test_float32_passes_and_the_line_that_makes_it_is_told(body, line, capsys):
    check_optimizer(in_float32(body), torch.optim.SGD, lr=0.1, momentum=0.9)
    out = capsys.readouterr().out
    assert out.startswith("✓") and f"`{line}`" in out and "float32 rounding: line " in out


NUMBERS = [
    np.float64,
    np.float32,
    torch.tensor,
    lambda x: torch.tensor(x, dtype=torch.float64),
    np.array,
]


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_of_numpy_and_torch_are_numbers(kind, refused):
    check_optimizer(right.NegativeVelocity, torch.optim.SGD, lr=kind(0.1), momentum=kind(0.9))

    class KeepsItsOwn(right.Momentum):
        def __init__(self, params, lr, momentum):
            super().__init__(params, lr, momentum)
            self.lr = lr

        def my_step(self, p, state, group):
            v = state.setdefault("v", torch.zeros_like(p))
            v.mul_(group["momentum"]).add_(p.grad)
            p.sub_(v, alpha=self.lr)

    error = refused(check_optimizer, KeepsItsOwn, torch.optim.SGD, lr=kind(0.1), momentum=0.9)
    assert error.mistakes == ("lr is not read from the group",)


def test_every_situation_exists_for_the_optimizers_of_the_course():
    """A reference that stops somewhere would take a situation away without a word."""
    for family in families():
        hyper = vary(family.build(), reference(family), family.hyper)
        traces = play_reference(reference(family), hyper, family.name)
        missing = {s.name for s in (*SITUATIONS, *zeros(hyper))} - {
            t.situation.name for t in traces
        }
        refused = {"momentum = 0"} if family.student == "NesterovOptimizer" else set()
        assert missing == refused, family.name


def test_a_fused_reference_is_right_with_transposed_weights_too(capsys):
    check_optimizer(right.OnData, partial(torch.optim.SGD, fused=True), lr=0.1)
    assert "✓" in capsys.readouterr().out


def test_a_statistic_of_the_step_is_nobodys_business(capsys):
    class Statistic(right.SGD):
        def my_step(self, p, state, group):
            step = group["lr"] * p.grad
            state["largest"] = step.abs().max().item()
            p.sub_(step)

    check_optimizer(Statistic, torch.optim.SGD, lr=0.1)
    assert "✓" in capsys.readouterr().out

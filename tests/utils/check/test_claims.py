"""No sentence about wrong steps is printed that is not true.

Wrong optimizers are made at random, each claim that is said of them is tested again here, by other
code on the same numbers; and what is said of a mistake that we know must be what is true of it.
"""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import SGD, Adam

from utils.check import check_optimizer
from utils.check.claims import CLAIMS, Evidence, measured
from utils.check.compare import LOOSE, difference
from utils.check.guard import Guard
from utils.check.optimizer import play_reference, vary
from utils.check.situations import play, play_all
from utils.optim import Optim


def evidence(Student, Reference, **hyper):
    """What the check would see."""
    hyper = vary(Student, Reference, hyper)
    reference = play_reference(Reference, hyper, "reference")
    with Guard() as guard, np.errstate(all="ignore"):
        traces = play_all(Student, [t.situation for t in reference], hyper, guard)

    def replay(gradients):
        situation = seen.first[0].situation
        scales = situation.scales or (1.0,) * len(situation.shapes)
        with Guard() as guard:
            larger = dataclasses.replace(situation, scales=tuple(gradients * s for s in scales))
            return play(Student, larger, hyper, guard)

    seen = Evidence(traces, reference, replay)
    return seen


# --- each claim once more, told from the points alone ------------------------------------------------


def steps(trace):
    return np.diff(trace.points, axis=0)


def agree(a, b):
    """Nearly the same numbers, with the rounding of weights of size 1."""
    return np.allclose(a, b, rtol=1e-4, atol=1e-12, equal_nan=True)


def true_nothing_moves(seen, values):
    return all((t.points == t.points[0]).all() for t in seen.traces)


def true_not_finite(seen, values):
    points = seen.first[0].points
    return (
        np.isfinite(points[: values["step"]]).all()
        and not np.isfinite(points[values["step"]]).all()
    )


def true_opposite(seen, values):
    mine, theirs = map(steps, seen.first)
    ok = np.isfinite(mine).all(axis=1).cumprod().astype(bool)
    moved = np.abs(theirs[ok]) > 1e-9
    return (np.sign(mine[ok])[moved] == -np.sign(theirs[ok])[moved]).all()


def true_one_factor(seen, values):
    factor = float(values["factor"])
    for mine, theirs in seen.wrong:
        if mine.error or mine.situation.dtype is torch.float32:
            continue
        a, b = steps(mine), steps(theirs)
        ok = np.isfinite(a).all(axis=1).cumprod().astype(bool)
        if not np.allclose(a[ok], factor * b[ok], rtol=2e-3, atol=1e-9):
            return False
    return True


def true_factor_of_the_step(seen, values):
    mine, theirs = map(steps, seen.first)
    factors = [float(x) for x in values["factors"].split(", ")]
    rows = [t for t in range(len(mine)) if np.abs(theirs[t]).max() > 1e-9][: len(factors)]
    right = [
        np.allclose(mine[t], f * theirs[t], rtol=2e-3) for t, f in zip(rows, factors, strict=True)
    ]
    return all(right) and len(set(factors)) > 1


def true_first_right(seen, values):
    mine, theirs = seen.first
    k = values["step"]
    return agree(mine.points[:k], theirs.points[:k]) and difference(
        mine.points[: k + 1], theirs.points[: k + 1], LOOSE
    )


def true_only_the_first(seen, values):
    mine, theirs = map(steps, seen.first)
    return not agree(mine[0], theirs[0]) and np.allclose(mine[1:], theirs[1:], rtol=1e-4, atol=1e-9)


def true_first_factor(seen, values):
    mine, theirs = map(steps, seen.first)
    return np.allclose(mine[0], float(values["factor"]) * theirs[0], rtol=2e-3, atol=1e-12)


def true_uneven(seen, values):
    mine, theirs = map(steps, seen.first)
    moved = np.abs(theirs[0]) > 1e-12
    ratios = mine[0][moved] / theirs[0][moved]
    said = [float(values["low"]), float(values["high"])]
    return np.allclose([ratios.min(), ratios.max()], said, rtol=2e-3, atol=1e-9)


def true_gradient_unused(seen, values):
    return agree(seen.replay(gradients=3.0).points, seen.first[0].points)


def true_wrong_in(seen, values):
    return all(m.situation.name in values["names"] for m, _ in seen.wrong[:3])


def true_right_in(seen, values):
    wrong = {m.situation.name for m, _ in seen.wrong}
    return not wrong & set(values["names"].split(", "))


TRUE = {
    "nothing moves": true_nothing_moves,
    "not finite": true_not_finite,
    "opposite": true_opposite,
    "one factor": true_one_factor,
    "factor of the step": true_factor_of_the_step,
    "first right": true_first_right,
    "only the first": true_only_the_first,
    "first factor": true_first_factor,
    "uneven": true_uneven,
    "gradient unused": true_gradient_unused,
    "wrong in": true_wrong_in,
    "right in": true_right_in,
}
ELSEWHERE = {"state is zero", "state is numpy", "steps as parameters"}  # tested by name below


def test_each_claim_is_tested_by_other_code():
    assert {claim.name for claim in CLAIMS} == TRUE.keys() | ELSEWHERE


terms = st.sampled_from(
    [
        "g",
        "2 * g",
        "-g",
        "g.abs()",
        "g * g",
        "g.sign()",
        "g.mean()",
        "p",
        "0 * g",
        "m",
        "m / t",
        "g / t",
        "g / (t - 1)",
        "(g + m) / 2",
        "g.abs().sqrt()",
        "torch.where(g > 1, g, 0 * g)",
        "g if t > 1 else 1.4 * g",
        "g if t != 3 else 2 * g",
        "torch.sqrt(g)",
        "1.43 * g if t < 3 else g * p",
    ]
)


@st.composite
def wrong_optimizers(draw):
    """A class whose step is a sum of up to two terms, with a factor."""
    some = draw(st.lists(terms, min_size=1, max_size=2))
    factor = draw(st.sampled_from(["", "0.5 * ", "1.43 * "]))
    source = f"{factor}({' + '.join(some)})"
    code = compile(source, "<a wrong step>", "eval")

    class Wrong(Optim):
        def __init__(self, params, lr):
            super().__init__(params, dict(lr=lr))

        def my_step(self, p, state, group):
            g, t = p.grad, state.get("t", 0) + 1
            m = state.setdefault("m", torch.zeros_like(p))
            m.mul_(0.5).add_(g)
            state["t"] = t
            p.sub_(group["lr"] * eval(code, dict(g=g, p=p.clone(), m=m, t=t, torch=torch)))

    return source, Wrong


@settings(max_examples=60, deadline=None, derandomize=True)
@given(wrong_optimizers(), st.sampled_from([SGD, Adam]))
def test_no_claim_is_false(wrong, Reference):
    source, Wrong = wrong
    seen = evidence(Wrong, Reference, lr=0.1)
    with np.errstate(all="ignore"):
        for said in measured(seen, most=len(CLAIMS)):
            if said.claim.name in TRUE:
                assert TRUE[said.claim.name](seen, said.values), f"{source}: {said}"


class Momentum(Optim):
    def __init__(self, params, lr, momentum):
        super().__init__(params, dict(lr=lr, momentum=momentum))


def loses_the_velocity(self, p, state, group):
    v = state.setdefault("v", torch.zeros_like(p))
    v.mul(group["momentum"]).add(p.grad)
    p.sub_(v, alpha=group["lr"])


def forgets_and_moves(self, p, state, group):
    v = state.setdefault("v", torch.zeros_like(p))
    v.mul(group["momentum"]).add(p.grad)
    p.sub_(3 * p.grad / (v + 1), alpha=group["lr"])


def steps_them_all(self, p, state, group):
    for q in group["params"]:
        if q.grad is not None:
            q -= group["lr"] * q.grad


def decays_only(self, p, state, group):
    p -= group["lr"] * p


def computes_only(self, p, state, group):
    step = group["lr"] * p.grad  # noqa: F841


def without_underscore(self, p, state, group):
    p.sub(group["lr"] * p.grad)


def with_numpy(self, p, state, group):
    v = state.setdefault("v", np.zeros(p.shape))
    v = group["momentum"] * v + p.grad.numpy()
    p.sub_(group["lr"] * torch.from_numpy(v))


KNOWN = [
    (loses_the_velocity, dict(momentum=0.9), "what is remembered stays zero"),
    (forgets_and_moves, dict(momentum=0.9), "what is remembered stays zero"),
    (steps_them_all, {}, "a loop over all parameters"),
    (decays_only, {}, "the gradient is not used"),
    (computes_only, {}, "the step is not applied"),
    (without_underscore, {}, "the step is not applied"),
    (with_numpy, dict(momentum=0.9), "the velocity is not stored"),
]


@pytest.mark.parametrize("step, hyper, name", KNOWN, ids=lambda x: getattr(x, "__name__", ""))
def test_a_claim_that_explains_it_is_the_diagnosis(refused, step, hyper, name):
    if hyper:
        Student = type("Student", (Momentum,), {"my_step": step})
    else:
        base = Optim

        class Student(base):
            def __init__(self, params, lr):
                super().__init__(params, dict(lr=lr))

            my_step = step

    error = refused(check_optimizer, Student, SGD, lr=0.1, **hyper)
    assert name in error.mistakes, error


@pytest.mark.parametrize("name, own", [("eps", 1e-7), ("betas", (0.9, 0.99))])
def test_another_default_is_told_as_such(refused, name, own):
    from utils.check.mistakes import adam

    Right = adam.FAMILY.build()

    defaults = {"betas": (0.9, 0.999), "eps": 1e-8, name: own}

    class Student(Right):
        def __init__(self, params, lr, betas=defaults["betas"], eps=defaults["eps"]):
            super().__init__(params, lr, betas, eps)

    error = refused(check_optimizer, Student, Adam, lr=0.1)
    assert error.mistakes == ("another default",) and f"Your default of {name} is" in str(error)


def test_rebinding_and_a_second_slip_are_both_named(refused):
    class Student(Momentum):
        def my_step(self, p, state, group):
            v = state.setdefault("v", torch.zeros_like(p))
            v.mul_(group["momentum"]).add_(p.grad)
            p.data = p.data + group["lr"] * v

    error = refused(check_optimizer, Student, SGD, lr=0.1, momentum=0.9)
    assert "p.data is rebound" in error.mistakes and len(error.mistakes) == 2, error

"""What the step depends on is measured, and only what differs is called different."""

from functools import partial

import pytest
import torch

from utils.check import explain
from utils.check.depends import depends_on
from utils.check.optimizer import vary
from utils.optim import Optim


class Momentum(Optim):
    def __init__(self, params, lr, momentum=0.5):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    def my_step(self, p, state, group):
        state["v"] = state.get("v", 0) * group["momentum"] + p.grad
        p.sub_(group["lr"] * state["v"])


class LrInside(Momentum):
    def my_step(self, p, state, group):
        state["v"] = state.get("v", 0) * group["momentum"] + group["lr"] * p.grad
        p.sub_(state["v"])


class Normed(Momentum):
    def my_step(self, p, state, group):
        p.sub_(group["lr"] * p.grad / p.grad.norm())


class Shared(Momentum):
    def my_step(self, p, state, group):
        self.v = getattr(self, "v", 0) * group["momentum"] + p.grad
        p.sub_(group["lr"] * self.v)


class Stops(Momentum):
    def my_step(self, p, state, group):
        raise ValueError("no")


SGD = torch.optim.SGD


def table(kind, reference=SGD, **hyper):
    hyper = hyper or dict(lr=0.1, momentum=0.5)
    return depends_on(kind, reference, vary(kind, reference, hyper))


@pytest.mark.parametrize(
    "reference, hyper",
    [
        (SGD, dict(lr=0.1, momentum=0.5)),
        (torch.optim.Adam, dict(lr=0.1)),
        (torch.optim.Adadelta, dict(lr=1.0)),
        (partial(torch.optim.RMSprop, centered=True), dict(lr=0.01)),
        (torch.optim.Rprop, dict(lr=0.01)),
    ],
)
def test_of_itself_nothing_differs(reference, hyper):
    found = table(reference, reference, **hyper)
    assert found.different == ()
    assert found.weights[0] == found.weights[1]


def test_the_weights_of_past_gradients_are_the_powers_of_momentum():
    mine, theirs = table(Momentum).weights
    assert mine == pytest.approx([1, 0.5, 0.25, 0.125, 0.0625, 0.03125])
    assert mine == pytest.approx(theirs)


@pytest.mark.parametrize(
    "kind, question, answer",
    [
        (LrInside, "lr × 2 from now on", "times as long"),
        (Normed, "another entry's gradients × 3", "changes"),
        (Normed, "all gradients × 10", "stays the same"),
        (Shared, "another parameter's gradients × 3", "changes"),
    ],
)
def test_what_differs_is_said(kind, question, answer):
    rows = {row.question: row for row in table(kind).different}
    assert answer in rows[question].yours
    assert rows[question].yours != rows[question].theirs
    assert any(s.startswith(question) for s in table(kind).sentences)


def test_what_cannot_step_has_no_table(capsys):
    assert table(Stops) is None
    assert explain(Stops, SGD, lr=0.1, momentum=0.5) is None
    assert "check_optimizer" in capsys.readouterr().out


def test_explain_prints_both_columns(capsys):
    found = explain(LrInside, SGD, lr=0.1, momentum=0.5)
    out = capsys.readouterr().out
    assert out.splitlines()[0].split() == ["yours", "SGD"]
    assert out.count("≠") == len(found.different) > 0
    assert found.picture().alt.startswith("The weight of past gradients")
